export type BackendChoice = 'auto' | 'webgpu' | 'wasm';

/** The device that computes, in words a person understands. */
export interface DeviceStatus {
  readonly backend: 'webgpu' | 'wasm';
  /** E.g. `nvidia ampere` or `SwiftShader (software)`; null without an adapter. */
  readonly adapter: string | null;
  /** True when the adapter is a software one. */
  readonly isSoftware: boolean;
  readonly threads: number;
  /** One sentence: which device was chosen and why. */
  readonly explanation: string;
  /** The known-answer self-test that runs before the first shard. */
  readonly selfTest: 'not run' | 'passed' | 'failed';
}
