import { wrap } from 'comlink';
import type { Mapper } from '../../src/engine/training/map-worker.ts';
import { Rng } from '../../src/lib/rng.ts';
import '../../src/ui/charts/scatter-map.ts';

export interface MapRequest {
  readonly points: number;
  readonly width: number;
  readonly classes: number;
  readonly frames: number;
}

export interface MapFigures {
  readonly pcaMs: number;
  readonly umapMs: number;
  /** Script's share of each frame while the map is dragged: from the pointer's event to the drawn canvas. */
  readonly dragMs: readonly number[];
  /** The same while the pointer goes over the points. */
  readonly hoverMs: readonly number[];
  /** From one frame to the next while it is dragged. */
  readonly frameMs: readonly number[];
}

declare global {
  var measureMap: (request: MapRequest) => Promise<MapFigures>;
}

globalThis.measureMap = async ({ points, width, classes, frames }) => {
  const worker = new Worker(new URL('../../src/engine/training/map-worker.ts', import.meta.url), {
    type: 'module',
  });
  const place = async (method: 'pca' | 'umap'): Promise<{ ms: number; placed: Float32Array }> => {
    const rows = clouds(points, width, classes);
    const start = performance.now();
    const placed = await wrap<Mapper>(worker).place(rows, width, method);
    return { ms: performance.now() - start, placed };
  };
  const pca = await place('pca');
  const umap = await place('umap');
  worker.terminate();

  const map = document.createElement('scatter-map');
  document.body.append(map);
  map.xs = umap.placed.filter((_, i) => i % 2 === 0);
  map.ys = umap.placed.filter((_, i) => i % 2 === 1);
  map.groups = Int32Array.from({ length: points }, (_, i) => i % classes);
  map.groupNames = Array.from({ length: classes }, (_, i) => `class ${i}`);
  await map.updateComplete;
  await nextFrame();
  await map.updateComplete;
  const plot = map.shadowRoot!.querySelector('.plot')!;
  const box = plot.getBoundingClientRect();
  const point = async (type: string, step: number): Promise<number> => {
    const start = performance.now();
    const angle = step / 7;
    plot.dispatchEvent(
      new PointerEvent(type, {
        clientX: box.left + box.width / 2 + 120 * Math.cos(angle),
        clientY: box.top + box.height / 2 + 120 * Math.sin(angle),
        pointerId: 1,
      }),
    );
    await map.updateComplete;
    return performance.now() - start;
  };
  const over = async (): Promise<{ scriptMs: number[]; frameMs: number[] }> => {
    const [scriptMs, frameMs]: [number[], number[]] = [[], []];
    let last = await nextFrame();
    for (let step = 0; step < frames; step += 1) {
      scriptMs.push(await point('pointermove', step));
      const now = await nextFrame();
      frameMs.push(now - last);
      last = now;
    }
    return { scriptMs, frameMs };
  };
  const hovered = await over();
  // A made-up pointer cannot be captured.
  plot.setPointerCapture = () => undefined;
  await point('pointerdown', 0);
  const dragged = await over();
  return {
    pcaMs: pca.ms,
    umapMs: umap.ms,
    hoverMs: hovered.scriptMs,
    dragMs: dragged.scriptMs,
    frameMs: dragged.frameMs,
  };
};

function nextFrame(): Promise<number> {
  return new Promise((resolve) => {
    requestAnimationFrame(resolve);
  });
}

/** `[points, width]`: one cloud a class, so that there are neighbours to find. */
function clouds(points: number, width: number, classes: number): Float32Array<ArrayBuffer> {
  const random = Rng.fromSeed(3, 'map');
  const centres = Float32Array.from({ length: classes * width }, () => random.nextGaussian());
  const rows = new Float32Array(points * width);
  for (let i = 0; i < points; i += 1)
    for (let d = 0; d < width; d += 1)
      rows[i * width + d] = centres[(i % classes) * width + d]! + random.nextGaussian();
  return rows;
}
