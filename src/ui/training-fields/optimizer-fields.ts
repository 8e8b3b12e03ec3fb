import { html, type TemplateResult } from 'lit';
import type { TrainingConfig } from '../../training/config.ts';
import { inputOf } from '../event-target.ts';
import '../elements/choice-group.ts';
import { numberField } from '../elements/number-field.ts';
import { adamW, sgd } from '../training-draft.ts';
import type { ConfigChange } from './config-change.ts';

const kinds = [
  { value: 'adamw', title: 'AdamW', help: 'a step size for each weight; decoupled decay' },
  { value: 'sgd', title: 'SGD', help: 'one step size, with momentum' },
];

/** Kind of optimizer, its rates, and clipping of gradients. */
export function optimizerFields(
  { optimizer, clipNorm }: TrainingConfig,
  change: ConfigChange,
): TemplateResult {
  const rate = (label: string, key: 'learningRate' | 'weightDecay', fallback: number): TemplateResult =>
    numberField({
      label,
      value: optimizer[key],
      min: 0,
      change: (value) => change({ optimizer: { ...optimizer, [key]: value ?? fallback } }),
    });
  return html`
    <choice-group
      legend="Optimizer"
      .choices=${kinds}
      .value=${optimizer.kind}
      @choose=${(event: CustomEvent<string>) => change({ optimizer: event.detail === 'sgd' ? sgd : adamW })}
    ></choice-group>
    <div class="row">
      ${rate('Learning rate', 'learningRate', optimizer.kind === 'sgd' ? 0.05 : 0.001)}
      ${rate('Weight decay', 'weightDecay', 0)}
      ${
        optimizer.kind === 'sgd'
          ? numberField({
              label: 'Momentum',
              value: optimizer.momentum,
              min: 0,
              max: 0.999,
              change: (momentum) => change({ optimizer: { ...optimizer, momentum: momentum ?? 0 } }),
            })
          : html`
              ${numberField({
                label: 'β₁',
                value: optimizer.beta1,
                min: 0,
                max: 0.9999,
                change: (beta1) => change({ optimizer: { ...optimizer, beta1: beta1 ?? 0.9 } }),
              })}
              ${numberField({
                label: 'β₂',
                value: optimizer.beta2,
                min: 0,
                max: 0.999999,
                change: (beta2) => change({ optimizer: { ...optimizer, beta2: beta2 ?? 0.999 } }),
              })}
            `
      }
      ${numberField({
        label: 'Clip gradients at norm',
        value: clipNorm,
        min: 0,
        placeholder: 'not at all',
        change: (norm) => change({ clipNorm: norm }),
      })}
    </div>
    ${
      optimizer.kind === 'sgd'
        ? html`<label class="check"
            ><input
              type="checkbox"
              .checked=${optimizer.nesterov}
              @change=${(event: Event) =>
                change({ optimizer: { ...optimizer, nesterov: inputOf(event).checked } })}
            />
            Nesterov momentum
          </label>`
        : ''
    }
  `;
}
