import { denseParameters, type HeadKind } from './head.ts';
import { stackForward, stackParameters, type StackConfig } from './stack.ts';

export interface AttentionConfig extends StackConfig {
  readonly kind: 'attention';
  /** Width of the scoring layer. */
  readonly attentionSize: number;
}

/**
 * Attention pooling over frames: scores `v · tanh(W x_t + b)` softmaxed over the true frames (Lin et al. 2017, one
 * hop), the weighted mean of the frames, then a stack. Padded frames get weight 0 exactly.
 */
export const attentionHead: HeadKind<AttentionConfig> = {
  kind: 'attention',
  title: 'Attention over frames',
  reads: ['frames'],
  parameters: (config, layout, classes) => [
    ...denseParameters('attention.key', layout.size, config.attentionSize),
    { name: 'attention.score', shape: [1, config.attentionSize], initialBound: config.attentionSize ** -0.5 },
    ...stackParameters(config, layout.size, classes),
  ],
  forward: (tape, config, parameter, { features, frameCounts }) => {
    const [batch = 0, frames = 0, size = 0] = features.shape;
    const { compute } = tape;
    const flat = tape.value(compute.reshape(features, [batch * frames, size]), false);
    const keys = tape.tanh(
      tape.dense(flat, parameter('attention.key.weight'), parameter('attention.key.bias')),
    );
    let scores = tape.reshape(tape.dense(keys, parameter('attention.score'), null), [batch, frames]);
    if (frameCounts) {
      const padding = new Float32Array(batch * frames);
      for (let b = 0; b < batch; b += 1)
        padding.fill(-1e9, b * frames + Math.max(1, frameCounts[b] ?? frames), (b + 1) * frames);
      scores = tape.addConstant(scores, compute.upload(padding, [batch, frames]));
    }
    const weights = tape.softmax(scores);
    const pooled = tape.weightedSum(features, weights);
    return { ...stackForward(tape, config, parameter, pooled), weights: weights.array };
  },
};
