const modelPrefix = /^(?:wavlm|wav2vec2|hubert|unispeech|unispeech_sat|data2vec_audio)\./;

/** Newer torch writes weight norm as a parametrization; the magnitude g is `original0`, the direction v `original1`. */
const weightNorm: readonly (readonly [string, string])[] = [
  ['.parametrizations.weight.original0', '.weight_g'],
  ['.parametrizations.weight.original1', '.weight_v'],
];

/** A Hugging Face tensor name without its model prefix, weight norm as `weight_g` / `weight_v`. */
export function canonicalName(name: string): string {
  let canonical = name.replace(modelPrefix, '');
  for (const [newer, older] of weightNorm) {
    if (canonical.endsWith(newer)) canonical = canonical.slice(0, -newer.length) + older;
  }
  return canonical;
}
