/** A file being decoded: mono pieces (the mean of the channels, full scale ±1) at the stored rate, in order. */
export interface AudioStream {
  /** Hz, of the pieces. */
  readonly sampleRate: number;
  /** Throws a named error in the middle when the coded stream is damaged or ends too early. */
  readonly pieces: AsyncIterable<Float32Array<ArrayBuffer>>;
}

/** Joins pieces of `length` samples in all. */
export function concatenate(pieces: readonly Float32Array[], length: number): Float32Array<ArrayBuffer> {
  const whole = new Float32Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** The mean of planar channels of equal length. */
export function meanOfChannels(channels: readonly Float32Array[], length: number): Float32Array<ArrayBuffer> {
  const mono = new Float32Array(length);
  const [first, second] = channels;
  if (first === undefined) return mono;
  if (channels.length === 1) {
    mono.set(first.subarray(0, length));
  } else if (channels.length === 2 && second !== undefined) {
    for (let i = 0; i < length; i += 1) mono[i] = (first[i]! + second[i]!) / 2;
  } else {
    const sums = new Float64Array(length);
    for (const channel of channels) for (let i = 0; i < length; i += 1) sums[i]! += channel[i]!;
    for (let i = 0; i < length; i += 1) mono[i] = sums[i]! / channels.length;
  }
  return mono;
}
