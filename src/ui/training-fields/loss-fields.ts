import { html, type TemplateResult } from 'lit';
import type { TrainingConfig } from '../../training/config.ts';
import type { LossConfig } from '../../training/loss.ts';
import { inputOf } from '../event-target.ts';
import '../elements/choice-group.ts';
import { numberField } from '../elements/number-field.ts';
import type { ConfigChange } from './config-change.ts';

const weightChoices = [
  { value: 'none', title: 'Every clip alike', help: 'frequent classes count more' },
  { value: 'balanced', title: 'Every class alike', help: 'rare classes weigh more in the loss' },
];

/** Cross-entropy with its class weights and smoothing, and the contrastive term. */
export function lossFields({ loss }: TrainingConfig, change: ConfigChange): TemplateResult {
  const set = (part: Partial<LossConfig>): void => change({ loss: { ...loss, ...part } });
  const { contrastive } = loss;
  return html`
    <choice-group
      legend="Cross-entropy weighs"
      .choices=${weightChoices}
      .value=${typeof loss.classWeights === 'string' ? loss.classWeights : ''}
      @choose=${(event: CustomEvent<'none' | 'balanced'>) => set({ classWeights: event.detail })}
    ></choice-group>
    <div class="row">
      ${numberField({
        label: 'Label smoothing',
        value: loss.labelSmoothing,
        min: 0,
        max: 0.9,
        step: 0.01,
        change: (labelSmoothing) => set({ labelSmoothing: labelSmoothing ?? 0 }),
      })}
    </div>
    <label class="check"
      ><input
        type="checkbox"
        .checked=${contrastive !== null}
        @change=${(event: Event) =>
          set({ contrastive: inputOf(event).checked ? { weight: 0.1, temperature: 0.1 } : null })}
      />
      Add a supervised contrastive term
    </label>
    ${
      contrastive
        ? html`<div class="row">
            ${numberField({
              label: 'Its weight',
              value: contrastive.weight,
              min: 0,
              step: 0.05,
              change: (weight) => set({ contrastive: { ...contrastive, weight: weight ?? 0.1 } }),
            })}
            ${numberField({
              label: 'Its temperature',
              value: contrastive.temperature,
              min: 0.01,
              step: 0.01,
              change: (temperature) =>
                set({ contrastive: { ...contrastive, temperature: temperature ?? 0.1 } }),
            })}
          </div>`
        : ''
    }
  `;
}
