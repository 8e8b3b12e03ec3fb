import plainUrl from './kernels.wasm?url';
import relaxedUrl from './kernels-relaxed.wasm?url';

/** A module with one relaxed instruction: `(func (result v128) (f32x4.relaxed_madd …))`. */
const relaxedProbe = Uint8Array.of(
  0,
  97,
  115,
  109,
  1,
  0,
  0,
  0,
  1,
  5,
  1,
  96,
  0,
  1,
  123,
  3,
  2,
  1,
  0,
  10,
  19,
  1,
  17,
  0,
  65,
  1,
  253,
  17,
  65,
  2,
  253,
  17,
  65,
  3,
  253,
  17,
  253,
  133,
  2,
  11,
);

/** True where the engine fuses multiplication and addition in SIMD. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(relaxedProbe);
}

/** Compiles the kernels that suit this engine. */
export async function compileKernels(relaxed = hasRelaxedSimd()): Promise<WebAssembly.Module> {
  const response = await fetch(relaxed ? relaxedUrl : plainUrl);
  if (!response.ok) throw new Error(`The encoder's kernels could not be read (${response.status}).`);
  return WebAssembly.compile(await response.arrayBuffer());
}
