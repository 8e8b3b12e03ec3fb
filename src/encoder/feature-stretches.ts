import * as tf from '@tensorflow/tfjs-core';
import { applyConvLayers, type FeatureExtractor } from './feature-extractor.ts';
import {
  afterConv,
  convNormEpsilon,
  type ConvLayer,
  type EncoderKernels,
  type Norm,
  type StretchKernels,
} from './kernels/contract.ts';

/** A first layer with a norm over time, and the whole clip's statistics for it. */
interface ClipNorm {
  readonly parts: StretchKernels;
  readonly norm: Norm;
  /** `[1, 2, C]` */
  readonly statistics: tf.Tensor3D;
}

/**
 * The feature extractor a stretch of time at a time, for a clip whose first convolution gives more than a GPU binds at
 * once. Each frame is computed from all the samples it hears; the norm over time of group-norm models gets the mean and
 * variance of the whole clip, which a pass of their own takes first.
 * @param waveform `[1, padded]`
 * @param samples how many of them are real
 * @returns features `[1, T, C]`
 */
export function extractFeaturesInStretches(
  extractor: FeatureExtractor,
  kernels: EncoderKernels & { readonly stretches: StretchKernels },
  waveform: tf.Tensor2D,
  samples: number,
  maxTensorBytes: number,
): tf.Tensor3D {
  const [first, ...rest] = extractor.layers;
  if (!first) throw new Error('The feature extractor has no layers.');
  const positions = Math.max(1, Math.floor(maxTensorBytes / (first.outputs * 4)));
  const whole = reachOf(extractor.layers);
  const ofFirst = reachOf(rest);
  const framesAtOnce = Math.max(1, Math.floor((positions - ofFirst.field) / ofFirst.stride) + 1);
  const frames = Math.floor((waveform.shape[1] - whole.field) / whole.stride) + 1;
  return tf.tidy(() => {
    const clipNorm =
      first.norm?.kind === 'group'
        ? normOfClip(first, first.norm, kernels, waveform, samples, positions)
        : null;
    let joined: tf.Tensor3D | null = null;
    for (let start = 0; start < frames; start += framesAtOnce) {
      const length = (Math.min(framesAtOnce, frames - start) - 1) * whole.stride + whole.field;
      const before: tf.Tensor3D | null = joined;
      joined = tf.tidy(() => {
        const features = featuresOf(
          stretchOf(waveform, start * whole.stride, length),
          first,
          rest,
          kernels,
          clipNorm,
        );
        // Two at a time: concat of many inputs is where tfjs's WebGPU backend goes wrong.
        return before ? tf.concat([before, features], 1) : features;
      });
      before?.dispose();
    }
    if (!joined) throw new Error('The clip is shorter than one frame.');
    return joined;
  });
}

function featuresOf(
  stretch: tf.Tensor3D,
  first: ConvLayer,
  rest: readonly ConvLayer[],
  kernels: EncoderKernels,
  clipNorm: ClipNorm | null,
): tf.Tensor3D {
  const valid = { values: [stretch.shape[1]], padded: stretch.shape[1] };
  if (!clipNorm) return applyConvLayers([first, ...rest], kernels, stretch, valid);
  const { parts, norm, statistics } = clipNorm;
  const x = parts.normalise(parts.convolve(stretch, first), norm, statistics);
  return applyConvLayers(rest, kernels, x, afterConv(valid, first));
}

/** Mean and deviation of each channel over the clip's real positions, from those of its stretches. */
function normOfClip(
  first: ConvLayer,
  norm: Norm,
  { stretches: parts }: { readonly stretches: StretchKernels },
  waveform: tf.Tensor2D,
  samples: number,
  positionsAtOnce: number,
): ClipNorm {
  const { values } = afterConv({ values: [samples], padded: samples }, first);
  const [total = 0] = values;
  const statistics = tf.tidy(() => {
    const stretches: {
      readonly count: number;
      readonly mean: tf.Tensor3D;
      readonly deviations: tf.Tensor3D;
    }[] = [];
    for (let start = 0; start < total; start += positionsAtOnce) {
      const count = Math.min(positionsAtOnce, total - start);
      const moments = tf.tidy(() => {
        const stretch = stretchOf(waveform, start * first.stride, (count - 1) * first.stride + first.kernel);
        return parts.moments(parts.convolve(stretch, first), { values: [count], padded: count });
      });
      const part = (row: number): tf.Tensor3D => tf.slice3d(moments, [0, row, 0], [1, 1, first.outputs]);
      stretches.push({ count, mean: part(0), deviations: part(1) });
    }
    const sum = (term: (stretch: (typeof stretches)[number]) => tf.Tensor3D): tf.Tensor3D =>
      stretches.map(term).reduce((a, b) => tf.add(a, b));
    const mean = sum((stretch) => tf.mul(stretch.mean, stretch.count / total));
    // T. Chan, G. Golub, R. LeVeque, 1979: the deviations within the stretches, and those of their means.
    const deviations = sum((stretch) =>
      tf.add(stretch.deviations, tf.mul(tf.square(tf.sub(stretch.mean, mean)), stretch.count)),
    );
    const inverse: tf.Tensor3D = tf.rsqrt(tf.add(tf.div(deviations, total), convNormEpsilon));
    return tf.concat([mean, inverse], 1);
  });
  return { parts, norm, statistics };
}

/** `[1, length, 1]` */
function stretchOf(waveform: tf.Tensor2D, start: number, length: number): tf.Tensor3D {
  return tf.reshape<tf.Rank.R3>(tf.slice2d(waveform, [0, start], [1, length]), [1, length, 1]);
}

/** How many positions one output of these layers hears, and how far the next one's are from them. */
function reachOf(layers: readonly ConvLayer[]): { readonly field: number; readonly stride: number } {
  let field = 1;
  let stride = 1;
  for (const layer of layers.toReversed()) {
    field = (field - 1) * layer.stride + layer.kernel;
    stride *= layer.stride;
  }
  return { field, stride };
}
