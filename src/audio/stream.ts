/** A file being decoded: mono pieces at the stored rate, in order. */
export interface AudioStream {
  /** Hz, of the pieces. */
  readonly sampleRate: number;
  /** Throws a named error in the middle when the coded stream is damaged or ends too early. */
  readonly pieces: AsyncIterable<Float32Array<ArrayBuffer>>;
}
