import { denseParameters, type HeadKind } from './head.ts';

export interface LinearConfig {
  readonly kind: 'linear';
}

/** Logistic regression: one dense layer on the pooled vector. */
export const linearHead: HeadKind<LinearConfig> = {
  kind: 'linear',
  title: 'Linear',
  reads: ['vector'],
  parameters: (_config, layout, classes) => denseParameters('output', layout.size, classes),
  forward: (tape, _config, parameter, { features }) => ({
    logits: tape.dense(tape.value(features, false), parameter('output.weight'), parameter('output.bias')),
    representation: null,
    weights: null,
  }),
};
