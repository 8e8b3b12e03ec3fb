import { html, type TemplateResult } from 'lit';
import type { HeadConfig } from '../../training/heads/registry.ts';
import type { FeatureLayout } from '../../training/heads/head.ts';
import type { TrainingConfig } from '../../training/config.ts';
import { valueOf } from '../event-target.ts';
import type { Choice } from '../elements/choice-group.ts';
import '../elements/choice-group.ts';
import { numberField } from '../elements/number-field.ts';
import { headTitle, parseSizes } from '../training-draft.ts';
import type { ConfigChange } from './config-change.ts';

const help: Readonly<Record<HeadConfig['kind'], string>> = {
  linear: 'one layer; hard to beat on good embeddings',
  mlp: 'hidden layers with ReLU and dropout',
  'layer-mix': 'learns which layers count',
  attention: 'learns which frames count',
};

const readBy: Readonly<Record<FeatureLayout['kind'], readonly HeadConfig['kind'][]>> = {
  vector: ['linear', 'mlp'],
  layers: ['layer-mix'],
  frames: ['attention'],
};

const initial: Readonly<Record<HeadConfig['kind'], HeadConfig>> = {
  linear: { kind: 'linear' },
  mlp: { kind: 'mlp', hidden: [256], dropout: 0.2 },
  'layer-mix': { kind: 'layer-mix', hidden: [], dropout: 0 },
  attention: { kind: 'attention', hidden: [], dropout: 0, attentionSize: 64 },
};

/** The head that reads such features without further choices. */
export const defaultHeadFor = (layout: FeatureLayout['kind']): HeadConfig =>
  initial[readBy[layout][0] ?? 'linear'];

export const canRead = (head: HeadConfig['kind'], layout: FeatureLayout['kind']): boolean =>
  readBy[layout].includes(head);

/** Kind of head and its sizes. `layout` is null while it is not known what the embeddings look like. */
export function headFields(
  { head }: TrainingConfig,
  layout: FeatureLayout | null,
  change: ConfigChange,
): TemplateResult {
  const choices: readonly Choice[] = Object.keys(initial).map((key) => {
    const kind = key as HeadConfig['kind'];
    const isFitting = layout === null || canRead(kind, layout.kind);
    return {
      value: kind,
      title: headTitle[kind],
      help: isFitting
        ? help[kind]
        : kind === 'attention'
          ? 'needs every frame kept'
          : kind === 'layer-mix'
            ? 'needs several layers kept'
            : 'needs one vector a clip',
    };
  });
  return html`
    <choice-group
      legend="Head"
      .choices=${choices}
      .value=${head.kind}
      @choose=${(event: CustomEvent<HeadConfig['kind']>) => change({ head: initial[event.detail] })}
    ></choice-group>
    ${
      'hidden' in head
        ? html`<div class="row">
            <label class="field"
              >Hidden layers, sizes
              <input
                type="text"
                placeholder="none"
                .value=${head.hidden.join(', ')}
                @change=${(event: Event) => change({ head: { ...head, hidden: parseSizes(valueOf(event)) } })}
              />
            </label>
            ${numberField({
              label: 'Dropout',
              value: head.dropout,
              min: 0,
              max: 0.95,
              step: 0.05,
              change: (dropout) => change({ head: { ...head, dropout: dropout ?? 0 } }),
            })}
            ${
              head.kind === 'attention'
                ? numberField({
                    label: 'Attention size',
                    value: head.attentionSize,
                    min: 1,
                    step: 1,
                    change: (size) => change({ head: { ...head, attentionSize: size ?? 64 } }),
                  })
                : ''
            }
          </div>`
        : ''
    }
  `;
}
