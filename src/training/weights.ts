import type { NamedArray } from './checkpoint.ts';
import { CheckpointError } from './errors.ts';
import type { ParameterSpec } from './heads/head.ts';
import { decodeSafetensors } from './safetensors.ts';

/**
 * Weights for a head from any safetensors file: under the head's own names (or behind a common prefix such as
 * `module.`), else, where every shape is found and the count is equal, in the file's order (an `nn.Sequential`).
 * Optimizer state in the file is ignored.
 * @throws CheckpointError naming the first parameter that is missing or of another shape.
 */
export function readWeights(
  bytes: Uint8Array<ArrayBuffer>,
  parameters: readonly ParameterSpec[],
  fileName: string,
): readonly NamedArray[] {
  const { tensors } = decodeSafetensors(bytes, fileName);
  const floats = tensors.flatMap(({ name, shape, values }) =>
    values instanceof Float32Array && !/^(optimizer|history|standardiser)\./.test(name)
      ? [{ name, shape, values: new Float32Array(values) }]
      : [],
  );
  const matches = (spec: ParameterSpec, shape: readonly number[]): boolean =>
    spec.shape.join() === shape.join();
  const byName = parameters.map(({ name }) =>
    floats.find((one) => one.name === name || one.name.endsWith(`.${name}`)),
  );
  const inOrder =
    floats.length === parameters.length && parameters.every((spec, i) => matches(spec, floats[i]!.shape));
  return parameters.map((spec, i) => {
    const found = byName[i] ?? (inOrder ? floats[i] : undefined);
    if (!found)
      throw new CheckpointError(
        `${fileName} has no “${spec.name}” [${spec.shape.join(', ')}]; it holds ${floats.map(({ name }) => name).join(', ') || 'no float32 weights'}.`,
      );
    if (!matches(spec, found.shape))
      throw new CheckpointError(
        `“${found.name}” in ${fileName} is [${found.shape.join(', ')}], but this head needs [${spec.shape.join(', ')}].`,
      );
    return { name: spec.name, shape: spec.shape, values: found.values };
  });
}
