import type { EpochRecord } from '../../training/checkpoint.ts';

const INK = '#1b1f24';
const QUIET = '#6a737d';
const LINES = ['#0b6bcb', '#c2410c', '#15803d'];
const FONT = 'Helvetica, Arial, sans-serif';

/** Truth by rows, prediction by columns, shaded by the share of the row. */
export async function confusionPng(classes: readonly string[], counts: readonly number[]): Promise<Blob> {
  const cell = classes.length > 14 ? 28 : 52;
  const edge = Math.min(240, 40 + 8 * Math.max(...classes.map(({ length }) => length)));
  const side = edge + cell * classes.length + 20;
  const { canvas, context } = blank(side, side);
  classes.forEach((name, truth) => {
    const row = counts.slice(truth * classes.length, (truth + 1) * classes.length);
    const total = Math.max(
      1,
      row.reduce((sum, count) => sum + count, 0),
    );
    row.forEach((count, predicted) => {
      const [x, y, share] = [edge + predicted * cell, edge + truth * cell, count / total];
      context.fillStyle = `rgba(${truth === predicted ? '11, 107, 203' : '194, 65, 12'}, ${share})`;
      context.fillRect(x + 1, y + 1, cell - 2, cell - 2);
      if (count > 0)
        write(context, String(count), x + cell / 2, y + cell / 2 + 4, share > 0.6 ? '#fff' : INK);
    });
    write(context, name, edge - 8, edge + truth * cell + cell / 2 + 4, INK, 'right');
    context.save();
    context.translate(edge + truth * cell + cell / 2 + 4, edge - 8);
    context.rotate(-Math.PI / 2);
    write(context, name, 0, 0, INK, 'left');
    context.restore();
  });
  write(context, 'true / predicted', 8, 18, QUIET, 'left');
  return canvas.convertToBlob({ type: 'image/png' });
}

/** Loss and accuracy over the epochs, training and validation. */
export async function historyPng(history: readonly EpochRecord[]): Promise<Blob> {
  const { canvas, context } = blank(900, 360);
  const chart = (left: number, title: string, lines: readonly Line[]): void => {
    const [width, top, bottom] = [360, 40, 310];
    const values = lines.flatMap((line) => line.values.filter((value) => value !== null));
    const [low, high] = [Math.min(0, ...values), Math.max(1e-9, ...values)];
    const x = (epoch: number): number => left + (epoch / Math.max(1, history.length - 1)) * width;
    const y = (value: number): number => bottom - ((value - low) / (high - low || 1)) * (bottom - top);
    context.strokeStyle = QUIET;
    context.strokeRect(left, top, width, bottom - top);
    write(context, title, left, top - 14, INK, 'left');
    write(context, high.toPrecision(3), left - 6, top + 6, QUIET, 'right');
    write(context, low.toPrecision(3), left - 6, bottom, QUIET, 'right');
    write(context, `${history.length} epochs`, left + width, bottom + 18, QUIET, 'right');
    lines.forEach((line, at) => {
      const colour = LINES[at]!;
      context.strokeStyle = colour;
      context.lineWidth = 2;
      context.beginPath();
      line.values.forEach((value, epoch) => {
        if (value !== null) context.lineTo(x(epoch), y(value));
      });
      context.stroke();
      context.lineWidth = 1;
      write(context, line.name, left + 8 + at * 100, bottom + 18, colour, 'left');
    });
  };
  chart(60, 'Loss', [
    { name: 'train', values: history.map(({ trainLoss }) => trainLoss) },
    { name: 'validation', values: history.map(({ validation }) => validation?.loss ?? null) },
  ]);
  chart(510, 'Accuracy and UAR', [
    { name: 'train', values: history.map(({ trainAccuracy }) => trainAccuracy) },
    { name: 'validation', values: history.map(({ validation }) => validation?.accuracy ?? null) },
    { name: 'val. UAR', values: history.map(({ validation }) => validation?.uar ?? null) },
  ]);
  return canvas.convertToBlob({ type: 'image/png' });
}

interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

function blank(
  width: number,
  height: number,
): { readonly canvas: OffscreenCanvas; readonly context: OffscreenCanvasRenderingContext2D } {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('This browser cannot draw off the screen.');
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  return { canvas, context };
}

function write(
  context: OffscreenCanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  colour: string,
  align: CanvasTextAlign = 'center',
): void {
  context.fillStyle = colour;
  context.font = `12px ${FONT}`;
  context.textAlign = align;
  context.fillText(text, x, y);
}
