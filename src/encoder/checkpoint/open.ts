import { parseEncoderConfig } from '../config.ts';
import type { EncoderConfig } from '../config.ts';
import { assembleCheckpoint } from './assemble.ts';
import type { Checkpoint } from './checkpoint.ts';
import { CheckpointFilesError, UnsupportedCheckpointError } from './errors.ts';
import { readJson, weightsKind } from './file-kind.ts';
import type { CheckpointFile } from './file-bytes.ts';
import { canonicalName } from './name-map.ts';
import { pickFiles } from './pick-files.ts';
import type { CheckpointFiles } from './pick-files.ts';
import type { PickleValue } from './pickle-values.ts';
import { readDoNormalize } from './preprocessor.ts';
import { openSafetensors } from './safetensors.ts';
import { indexedParts } from './sharded.ts';
import type { StoredTensor } from './stored-tensor.ts';
import { openTorchLegacy } from './torch-legacy.ts';
import { storedTensors } from './torch-tensor.ts';
import type { TorchFile } from './torch-tensor.ts';
import { openTorchZip } from './torch-zip.ts';
import { asUnilm, unilmConfig, unilmName } from './unilm.ts';

/**
 * Opens a checkpoint from the files of its folder: `config.json`, `preprocessor_config.json` and `model.safetensors`
 * or `pytorch_model.bin` (both also sharded), or an original WavLM `.pt` alone. Only headers are read; each tensor's
 * `read()` takes its own bytes from the file, so the weights are never held as a whole.
 * @throws CheckpointError's subclasses, EncoderConfigError, UnsupportedEncoderError: each a sentence for a person
 */
export async function openCheckpoint(files: readonly CheckpointFile[]): Promise<Checkpoint> {
  const picked = pickFiles(files);
  // The config first: a folder of another kind of model is better named as that than by what its tensors lack.
  const config = picked.config && parseEncoderConfig(await readJson(picked.config));
  const { tensors, unilm } = await openWeights(picked);
  const { path } = picked.weights;
  if (unilm !== null) {
    const { json, doNormalize } = unilmConfig(path, unilm.cfg);
    return assembleCheckpoint({
      config: parseEncoderConfig(json),
      doNormalize,
      tensors,
      rename: (name) => canonicalName(unilmName(name)),
      path,
    });
  }
  if (config === undefined) {
    throw new CheckpointFilesError(
      `config.json, which belongs beside ${path}, is missing. Drop the whole folder.`,
    );
  }
  if (picked.preprocessor === undefined) {
    throw new CheckpointFilesError(
      `preprocessor_config.json, which belongs beside ${path}, is missing. It says whether audio is normalised; ` +
        'without it embeddings could be silently wrong. Download it from the model’s page.',
    );
  }
  const doNormalize = readDoNormalize(picked.preprocessor.path, await readJson(picked.preprocessor));
  return assembleCheckpoint({ config, doNormalize, tensors, rename: canonicalName, path });
}

/** What a checkpoint's two JSON files say, without its weights. */
export async function openCheckpointSizes(
  config: CheckpointFile,
  preprocessor: CheckpointFile,
): Promise<{ readonly config: EncoderConfig; readonly doNormalize: boolean }> {
  return {
    config: parseEncoderConfig(await readJson(config)),
    doNormalize: readDoNormalize(preprocessor.path, await readJson(preprocessor)),
  };
}

interface Weights {
  readonly tensors: readonly StoredTensor[];
  readonly unilm: { readonly cfg: ReadonlyMap<PickleValue, PickleValue> } | null;
}

async function openWeights(picked: CheckpointFiles): Promise<Weights> {
  if (!picked.isIndex) return openWeightsFile(picked.weights);
  const tensors: StoredTensor[] = [];
  for (const [name, wanted] of await indexedParts(picked.weights)) {
    const file = picked.siblings.get(name);
    if (file === undefined) {
      throw new CheckpointFilesError(
        `${name}, one of the parts that ${picked.weights.path} lists, is missing.`,
      );
    }
    const part = await openWeightsFile(file);
    tensors.push(...part.tensors.filter((tensor) => wanted.has(tensor.name)));
  }
  return { tensors, unilm: null };
}

async function openWeightsFile(file: CheckpointFile): Promise<Weights> {
  switch (await weightsKind(file)) {
    case 'safetensors':
      return { tensors: await openSafetensors(file), unilm: null };
    case 'torch-zip':
      return torchWeights(await openTorchZip(file));
    case 'torch-legacy':
      return torchWeights(await openTorchLegacy(file));
  }
}

function torchWeights(torch: TorchFile): Weights {
  const unilm = asUnilm(torch.value);
  if (unilm !== null) return { tensors: storedTensors(torch, unilm.model), unilm };
  const tensors = storedTensors(torch, torch.value);
  if (tensors.length === 0) {
    throw new UnsupportedCheckpointError(
      `${torch.file.path} holds no state dictionary (names → tensors), nor an original WavLM checkpoint.`,
    );
  }
  return { tensors, unilm: null };
}
