import type { HeadKind } from './head.ts';
import { stackForward, stackParameters, type StackConfig } from './stack.ts';

export interface MlpConfig extends StackConfig {
  readonly kind: 'mlp';
}

/** Dense layers with ReLU and dropout on the pooled vector. */
export const mlpHead: HeadKind<MlpConfig> = {
  kind: 'mlp',
  title: 'Multi-layer perceptron',
  reads: ['vector'],
  parameters: (config, layout, classes) => stackParameters(config, layout.size, classes),
  forward: (tape, config, parameter, { features }) => ({
    ...stackForward(tape, config, parameter, tape.value(features, false)),
    weights: null,
  }),
};
