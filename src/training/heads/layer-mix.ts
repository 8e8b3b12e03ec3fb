import type { HeadKind } from './head.ts';
import { stackForward, stackParameters, type StackConfig } from './stack.ts';

export interface LayerMixConfig extends StackConfig {
  readonly kind: 'layer-mix';
}

/** A learned weighted sum over the kept layers (weights softmaxed, as in SUPERB, Yang et al. 2021), then a stack. */
export const layerMixHead: HeadKind<LayerMixConfig> = {
  kind: 'layer-mix',
  title: 'Weighted sum of layers',
  reads: ['layers'],
  parameters: (config, layout, classes) => [
    {
      name: 'mix.weight',
      shape: [1, layout.kind === 'layers' ? layout.layers : 1],
      initialBound: 0,
    },
    ...stackParameters(config, layout.size, classes),
  ],
  forward: (tape, config, parameter, { features }) => {
    const weights = tape.softmax(parameter('mix.weight'));
    const mixed = tape.weightedSum(features, tape.repeatRow(weights, features.shape[0] ?? 0));
    return { ...stackForward(tape, config, parameter, mixed), weights: weights.array };
  },
};
