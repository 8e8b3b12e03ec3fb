import type { HeadKind } from './head.ts';
import { stackForward, stackParameters, type StackConfig } from './stack.ts';

export interface LayerMixConfig extends StackConfig {
  readonly kind: 'layer-mix';
}

const mixName = 'mix.weight';

/** The softmaxed layer weights `[L]` among a head's parameters; null where the head mixes no layers. */
export function layerWeights({
  parameters,
}: {
  readonly parameters: readonly { readonly name: string; readonly values: Float32Array }[];
}): readonly number[] | null {
  const mix = parameters.find(({ name }) => name === mixName);
  if (!mix) return null;
  const top = Math.max(...mix.values);
  const raised = Array.from(mix.values, (value) => Math.exp(value - top));
  const total = raised.reduce((sum, value) => sum + value, 0);
  return raised.map((value) => value / total);
}

/** A learned weighted sum over the kept layers (weights softmaxed, as in SUPERB, Yang et al. 2021), then a stack. */
export const layerMixHead: HeadKind<LayerMixConfig> = {
  kind: 'layer-mix',
  title: 'Weighted sum of layers',
  reads: ['layers'],
  parameters: (config, layout, classes) => [
    {
      name: mixName,
      shape: [1, layout.kind === 'layers' ? layout.layers : 1],
      initialBound: 0,
    },
    ...stackParameters(config, layout.size, classes),
  ],
  forward: (tape, config, parameter, { features }) => {
    const weights = tape.softmax(parameter(mixName));
    const mixed = tape.weightedSum(features, tape.repeatRow(weights, features.shape[0] ?? 0));
    return { ...stackForward(tape, config, parameter, mixed), weights: weights.array };
  },
};
