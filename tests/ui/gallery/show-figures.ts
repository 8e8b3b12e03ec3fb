import { html, render } from 'lit';
import '../../../src/ui/styles/tokens.css';
import '../../../src/ui/charts/confusion-matrix.ts';
import '../../../src/ui/charts/figure-frame.ts';
import '../../../src/ui/charts/line-chart.ts';
import '../../../src/ui/charts/scatter-map.ts';
import { Rng } from '../../../src/lib/rng.ts';
import { startTheme } from '../../../src/ui/theme.ts';

const emotions = ['anger', 'disgust', 'fear', 'happiness', 'neutral', 'sadness'];

/** Three clouds for each of six groups, `count` points in all. */
export function fakeMap(count: number): { xs: Float32Array; ys: Float32Array; groups: Uint8Array } {
  const rng = Rng.fromSeed(3, 'map');
  const xs = new Float32Array(count);
  const ys = new Float32Array(count);
  const groups = new Uint8Array(count);
  for (let point = 0; point < count; point += 1) {
    const group = point % emotions.length;
    const cloud = group * 3 + (point % 3);
    groups[point] = group;
    xs[point] = 6 * Math.sin(cloud * 1.7) + rng.nextGaussian();
    ys[point] = 6 * Math.cos(cloud * 2.9) + rng.nextGaussian();
  }
  return { xs, ys, groups };
}

/** Every chart with made-up numbers, below each other. */
export function showFigures(points = 20_000): HTMLElement {
  startTheme();
  const epochs = Array.from({ length: 40 }, (_, index) => index + 1);
  const rng = Rng.fromSeed(9, 'figures');
  const steps = Array.from({ length: 8000 }, (_, index) => index);
  const counts = emotions.map((_, truth) =>
    emotions.map((__, predicted) =>
      truth === predicted ? 60 + rng.nextInt(40) : Math.floor(22 * rng.nextFloat() ** 3),
    ),
  );
  const rates = Array.from({ length: 200 }, (_, index) => 0.001 * 900 ** (index / 199));
  const map = fakeMap(points);
  const page = document.createElement('main');
  page.style.cssText = 'display:grid;gap:1.25rem;padding:1rem;grid-template-columns:minmax(0,1fr)';
  render(
    html`<h1>Figures</h1>
      <figure-frame heading="Loss" file-name="loss">
        <line-chart
          label="Loss by epoch"
          .series=${[
            { name: 'training', x: epochs, y: epochs.map((epoch) => 1.8 * Math.exp(-epoch / 9) + 0.12) },
            {
              name: 'validation',
              x: epochs,
              y: epochs.map(
                (epoch) => 1.7 * Math.exp(-epoch / 8) + 0.3 + 0.004 * epoch + 0.05 * rng.nextFloat(),
              ),
              hasDots: true,
            },
          ]}
          .x=${{ label: 'epoch' }}
          .y=${{ label: 'loss' }}
          .marks=${[{ x: 17, label: 'resumed' }]}
        ></line-chart>
      </figure-frame>
      <figure-frame heading="Loss by step" file-name="loss-steps">
        <line-chart
          label="Loss by step"
          .series=${[
            {
              name: 'training',
              x: steps,
              y: steps.map((step) => Math.exp(-step / 2500) * (0.7 + 0.6 * rng.nextFloat()) + 0.05),
            },
          ]}
          .x=${{ label: 'step' }}
          .y=${{ label: 'loss', scale: 'log' }}
        ></line-chart>
      </figure-frame>
      <figure-frame heading="Detection error trade-off" file-name="det">
        <line-chart
          label="DET curve"
          .series=${[{ name: 'pooled', x: rates, y: rates.map((rate) => 0.012 / (rate + 0.012)) }]}
          .x=${{ label: 'false alarms', scale: 'probit', format: (value: number) => `${100 * value} %` }}
          .y=${{ label: 'misses', scale: 'probit', format: (value: number) => `${100 * value} %` }}
        ></line-chart>
      </figure-frame>
      <figure-frame heading="Confusion matrix" file-name="confusion">
        <confusion-matrix
          .labels=${emotions}
          .counts=${counts}
          .chosen=${{ truth: 2, predicted: 5 }}
        ></confusion-matrix>
      </figure-frame>
      <figure-frame heading="Map" file-name="map">
        <scatter-map
          .xs=${map.xs}
          .ys=${map.ys}
          .groups=${map.groups}
          .groupNames=${emotions}
          .chosen=${12}
        ></scatter-map>
      </figure-frame>`,
    page,
  );
  document.body.append(page);
  return page;
}
