import { LitElement, html, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { CurveData, EvaluationResult } from '../../../engine/training-protocol.ts';
import '../../charts/figure-frame.ts';
import '../../charts/line-chart.ts';
import type { LineSeries } from '../../charts/line-chart.ts';
import '../../elements/choice-group.ts';
import { formatCount } from '../../format.ts';
import { controls } from '../../styles/controls.ts';

const kinds = [
  { value: 'det', title: 'DET', help: 'misses over false alarms, normal deviates' },
  { value: 'roc', title: 'ROC', help: 'hits over false alarms' },
];
/** Ends of the DET axes: normal deviates have none of their own. */
const [lowest, highest] = [0.001, 0.99];
const percent = (value: number): string => `${Number((100 * value).toPrecision(3))} %`;

/** DET and ROC curves of each class against the rest and of all pooled, with the equal error rate and its meaning. */
@customElement('detection-figure')
export class DetectionFigure extends LitElement {
  @property({ attribute: false }) result!: EvaluationResult;
  @property({ attribute: 'file-name' }) fileName = 'detection';
  @state() private kind: 'det' | 'roc' = 'det';

  static override styles = [controls];

  override render(): TemplateResult {
    const { result, kind } = this;
    const curves = this.#curves();
    if (curves.length === 0)
      return html`<p class="note">With one class only there is nothing to detect: no DET or ROC curve.</p>`;
    const isDet = kind === 'det';
    const domain: readonly [number, number] = isDet ? [lowest, highest] : [0, 1];
    const scale = isDet ? 'probit' : 'linear';
    return html`<figure-frame
      heading=${isDet ? 'Detection error trade-off' : 'Receiver operating characteristic'}
      file-name="${this.fileName}-${kind}"
    >
      <line-chart
        label=${isDet ? 'DET curves' : 'ROC curves'}
        .height=${380}
        .series=${curves.map(([name, curve], index) => this.#series(name, curve, index))}
        .x=${{ label: 'false alarms', scale, domain, format: percent }}
        .y=${{ label: isDet ? 'misses' : 'hits', scale, domain, format: percent }}
        ?diagonal=${!isDet}
      ></line-chart>
      <div slot="note">
        <choice-group
          legend="Curve"
          .choices=${kinds}
          .value=${kind}
          @choose=${(event: CustomEvent<'det' | 'roc'>) => (this.kind = event.detail)}
        ></choice-group>
        <p class="small quiet">${result.eerDefinition}</p>
        <ul class="small">
          ${curves.map(
            ([name, { eer, threshold, targets, nonTargets }]) =>
              html`<li>
                ${name}: EER <strong class="mono">${percent(eer)}</strong> at threshold
                <span class="mono">${threshold.toPrecision(4)}</span>, ${formatCount(targets)} target and
                ${formatCount(nonTargets)} other trials
              </li>`,
          )}
        </ul>
      </div>
    </figure-frame>`;
  }

  #curves(): readonly (readonly [string, CurveData])[] {
    const { classes, curves, pooled } = this.result;
    const each =
      classes.length === 2
        ? []
        : curves.flatMap((curve, index) =>
            curve ? [[classes[index] ?? String(index), curve] as const] : [],
          );
    const name = classes.length === 2 ? `${classes[1]} against ${classes[0]}` : 'pooled';
    return pooled ? [[name, pooled], ...each] : each;
  }

  #series(name: string, { falseAccept, falseReject }: CurveData, color: number): LineSeries {
    const isDet = this.kind === 'det';
    const onAxis = (rate: number): number => (isDet ? Math.min(highest, Math.max(lowest, rate)) : rate);
    const sorted = Array.from(falseAccept, (accept, index) => [accept, falseReject[index] ?? 0] as const)
      .filter(([accept, reject]) => !isDet || (accept < 1 && reject < 1))
      .toSorted(([a, missA], [b, missB]) => a - b || missB - missA);
    // The axes of a DET plot have no 0: a curve ends where it first reaches the lower edge.
    const end = sorted.findIndex(([, reject]) => reject <= lowest);
    const points = (isDet && end >= 0 ? sorted.slice(0, end + 1) : sorted).map(
      ([accept, reject]) => [onAxis(accept), onAxis(reject)] as const,
    );
    return {
      name,
      color,
      x: points.map(([accept]) => accept),
      y: points.map(([, reject]) => (isDet ? reject : 1 - reject)),
    };
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'detection-figure': DetectionFigure;
  }
}
