import type { ShardState } from '../../engine/protocol.ts';

export interface ShardColors {
  readonly line: string;
  readonly accent: string;
  readonly surface: string;
  readonly signal: string;
  readonly bad: string;
  readonly ink: string;
}

/** The theme's colours as a canvas needs them. */
export function readShardColors(element: Element): ShardColors {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    line: read('--line-strong'),
    accent: read('--accent'),
    surface: read('--surface'),
    signal: read('--signal-fill'),
    bad: read('--bad'),
    ink: read('--ink'),
  };
}

/**
 * Every state has its own shape, so that none is told by colour alone: an outline (pending), a half-filled square
 * (in flight), a full one (done), a full one with a tick (verified), a cross (failed), a broken square (damaged).
 */
export function drawShardCell(
  context: CanvasRenderingContext2D,
  state: ShardState,
  x: number,
  y: number,
  size: number,
  colors: ShardColors,
): void {
  const thin = Math.max(1, size / 14);
  const thick = Math.max(1.2, size / 8);
  const line = (...points: readonly [number, number][]): void => {
    context.beginPath();
    for (const [px, py] of points) context.lineTo(x + px * size, y + py * size);
    context.stroke();
  };
  const outline = (color: string): void => {
    context.strokeStyle = color;
    context.lineWidth = thin;
    context.strokeRect(x + thin / 2, y + thin / 2, size - thin, size - thin);
  };
  context.lineCap = 'round';
  context.lineJoin = 'round';
  switch (state) {
    case 'pending':
      context.globalAlpha = 0.55;
      outline(colors.line);
      context.globalAlpha = 1;
      break;
    case 'in flight':
      context.fillStyle = colors.signal;
      context.beginPath();
      context.moveTo(x, y + size);
      context.lineTo(x + size, y);
      context.lineTo(x + size, y + size);
      context.fill();
      outline(colors.signal);
      break;
    case 'done':
    case 'verified':
      context.fillStyle = colors.accent;
      context.fillRect(x, y, size, size);
      if (state === 'verified') {
        context.strokeStyle = colors.surface;
        context.lineWidth = thick;
        line([0.24, 0.54], [0.43, 0.73], [0.78, 0.28]);
      }
      break;
    case 'failed':
      context.strokeStyle = colors.bad;
      context.lineWidth = thick;
      line([0.15, 0.15], [0.85, 0.85]);
      line([0.85, 0.15], [0.15, 0.85]);
      break;
    case 'damaged':
      context.fillStyle = colors.bad;
      context.fillRect(x, y, size, size);
      context.strokeStyle = colors.surface;
      context.lineWidth = thick;
      line([0.62, -0.05], [0.38, 0.45], [0.62, 0.55], [0.38, 1.05]);
      break;
  }
}
