/** A convolution of one input channel, and the norm over time that follows it. */
export interface GroupNormFold {
  /** `[n]` */
  readonly samples: Float32Array;
  /** `[kernel, outputs]` */
  readonly filter: Float32Array;
  /** `[outputs]` each. */
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly kernel: number;
  readonly stride: number;
  readonly outputs: number;
  readonly frames: number;
  readonly epsilon: number;
}

/**
 * Folds a norm over time into the convolution before it, for one waveform. A channel's output is linear in its window,
 * so its mean and variance over the frames follow from the windows' mean vector m and covariance matrix C:
 * mean = wᵀm, variance = wᵀCw. Both are small and taken in float64 in two passes; the convolution's large output need
 * not exist before the norm.
 * @returns filter `[kernel, outputs]` and bias `[outputs]` of the convolution that gives the normed output
 */
export function foldGroupNorm(fold: GroupNormFold): { filter: Float32Array; bias: Float32Array } {
  const { kernel, outputs, filter } = fold;
  const mean = windowMean(fold);
  const covariance = windowCovariance(fold, mean);
  const folded = new Float32Array(kernel * outputs);
  const bias = new Float32Array(outputs);
  const w = new Float64Array(kernel);
  for (let o = 0; o < outputs; o += 1) {
    let channelMean = 0;
    for (let k = 0; k < kernel; k += 1) {
      w[k] = filter[k * outputs + o] ?? 0;
      channelMean += (w[k] ?? 0) * (mean[k] ?? 0);
    }
    let variance = 0;
    for (let k = 0; k < kernel; k += 1)
      for (let l = 0; l < kernel; l += 1)
        variance += (w[k] ?? 0) * (w[l] ?? 0) * (covariance[k * kernel + l] ?? 0);
    const scale = (fold.weight[o] ?? 0) / Math.sqrt(Math.max(0, variance) + fold.epsilon);
    for (let k = 0; k < kernel; k += 1) folded[k * outputs + o] = (w[k] ?? 0) * scale;
    bias[o] = (fold.bias[o] ?? 0) - channelMean * scale;
  }
  return { filter: folded, bias };
}

function windowMean({ samples, kernel, stride, frames }: GroupNormFold): Float64Array {
  const mean = new Float64Array(kernel);
  for (let t = 0; t < frames; t += 1)
    for (let k = 0; k < kernel; k += 1) mean[k] = (mean[k] ?? 0) + (samples[t * stride + k] ?? 0);
  return mean.map((sum) => sum / frames);
}

function windowCovariance(
  { samples, kernel, stride, frames }: GroupNormFold,
  mean: Float64Array,
): Float64Array {
  const covariance = new Float64Array(kernel * kernel);
  const centred = new Float64Array(kernel);
  for (let t = 0; t < frames; t += 1) {
    for (let k = 0; k < kernel; k += 1) centred[k] = (samples[t * stride + k] ?? 0) - (mean[k] ?? 0);
    for (let k = 0; k < kernel; k += 1) {
      const c = centred[k] ?? 0;
      for (let l = 0; l <= k; l += 1)
        covariance[k * kernel + l] = (covariance[k * kernel + l] ?? 0) + c * (centred[l] ?? 0);
    }
  }
  for (let k = 0; k < kernel; k += 1)
    for (let l = 0; l <= k; l += 1) {
      const value = (covariance[k * kernel + l] ?? 0) / frames;
      covariance[k * kernel + l] = value;
      covariance[l * kernel + k] = value;
    }
  return covariance;
}
