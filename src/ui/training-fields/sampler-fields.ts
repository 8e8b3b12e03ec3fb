import { html, type TemplateResult } from 'lit';
import type { TrainingConfig } from '../../training/config.ts';
import { inputOf } from '../event-target.ts';
import { numberField } from '../elements/number-field.ts';
import type { ConfigChange } from './config-change.ts';

/** Which clips an epoch shows: a cap for each class, and how often each class is drawn. */
export function samplerFields(
  { sampler }: TrainingConfig,
  classes: readonly string[],
  change: ConfigChange,
): TemplateResult {
  const { classWeights, capPerClass } = sampler;
  return html`
    <div class="row">
      ${numberField({
        label: 'At most per class and epoch',
        value: capPerClass,
        min: 1,
        step: 1,
        placeholder: 'no cap',
        change: (cap) => change({ sampler: { ...sampler, capPerClass: cap } }),
      })}
    </div>
    <label class="check"
      ><input
        type="checkbox"
        ?disabled=${classes.length === 0}
        .checked=${classWeights !== null}
        @change=${(event: Event) =>
          change({
            sampler: { ...sampler, classWeights: inputOf(event).checked ? classes.map(() => 1) : null },
          })}
      />
      Draw classes by weights instead of every clip once
    </label>
    ${
      classWeights
        ? html`<div class="row" role="group" aria-label="Sampling weights">
            ${classes.map((name, index) =>
              numberField({
                label: name,
                value: classWeights[index] ?? 1,
                min: 0,
                change: (weight) =>
                  change({
                    sampler: {
                      ...sampler,
                      classWeights: classes.map((_, at) =>
                        at === index ? (weight ?? 1) : (classWeights[at] ?? 1),
                      ),
                    },
                  }),
              }),
            )}
          </div>`
        : ''
    }
  `;
}
