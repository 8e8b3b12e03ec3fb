import { TrainingConfigError } from '../errors.ts';
import type { Tape, Value } from '../tape.ts';
import { attentionHead, type AttentionConfig } from './attention.ts';
import type { FeatureLayout, HeadInput, HeadKind, HeadOutput, ParameterSpec } from './head.ts';
import { layerMixHead, type LayerMixConfig } from './layer-mix.ts';
import { linearHead, type LinearConfig } from './linear.ts';
import { mlpHead, type MlpConfig } from './mlp.ts';

export type HeadConfig = LinearConfig | MlpConfig | LayerMixConfig | AttentionConfig;

/** All kinds of heads: a new one is a file beside these and a line here. */
const kinds: { readonly [Kind in HeadConfig['kind']]: HeadKind<Extract<HeadConfig, { kind: Kind }>> } = {
  linear: linearHead,
  mlp: mlpHead,
  'layer-mix': layerMixHead,
  attention: attentionHead,
};

export const headKinds: readonly { readonly kind: string; readonly title: string }[] = Object.values(kinds);

/** A kind bound to its configuration and the data's layout. */
export interface Head {
  readonly parameters: readonly ParameterSpec[];
  forward(tape: Tape, parameter: (name: string) => Value, input: HeadInput): HeadOutput;
}

/** @throws TrainingConfigError when the head cannot read such features, or its numbers make no sense. */
export function createHead(config: HeadConfig, layout: FeatureLayout, classes: number): Head {
  switch (config.kind) {
    case 'linear':
      return bind(kinds.linear, config, layout, classes);
    case 'mlp':
      return bind(kinds.mlp, config, layout, classes);
    case 'layer-mix':
      return bind(kinds['layer-mix'], config, layout, classes);
    case 'attention':
      return bind(kinds.attention, config, layout, classes);
    default:
      throw new TrainingConfigError(`There is no head called “${(config as { kind: string }).kind}”.`);
  }
}

function bind<Config extends HeadConfig>(
  kind: HeadKind<Config>,
  config: Config,
  layout: FeatureLayout,
  classes: number,
): Head {
  if (!kind.reads.includes(layout.kind)) throw new TrainingConfigError(mismatch(kind.title, layout.kind));
  if ('dropout' in config && !(config.dropout >= 0 && config.dropout < 1))
    throw new TrainingConfigError(`Dropout has to be at least 0 and below 1, not ${config.dropout}.`);
  if ('hidden' in config && !config.hidden.every((size) => Number.isInteger(size) && size > 0))
    throw new TrainingConfigError(
      `Hidden sizes have to be whole numbers above 0, not ${config.hidden.join(', ')}.`,
    );
  return {
    parameters: kind.parameters(config, layout, classes),
    forward: (tape, parameter, input) => kind.forward(tape, config, parameter, input),
  };
}

function mismatch(title: string, layout: FeatureLayout['kind']): string {
  const have = {
    vector: 'one vector per clip',
    layers: 'one vector per layer',
    frames: 'the frames of each clip',
  }[layout];
  return `The head “${title}” cannot read this extraction, which holds ${have}; choose another head or another extraction.`;
}
