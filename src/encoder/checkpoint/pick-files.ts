import { CheckpointFilesError, UnsupportedCheckpointError } from './errors.ts';
import { fileName } from './file-bytes.ts';
import type { CheckpointFile } from './file-bytes.ts';

/** The files of one checkpoint among all that were dropped. */
export interface CheckpointFiles {
  readonly config: CheckpointFile | undefined;
  readonly preprocessor: CheckpointFile | undefined;
  /** A weights file, or the index of a sharded one. */
  readonly weights: CheckpointFile;
  readonly isIndex: boolean;
  /** Files beside the index, by name. */
  readonly siblings: ReadonlyMap<string, CheckpointFile>;
}

/** Weights by their usual names, best first: safetensors is read before pickles. */
const weightNames = [
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
] as const;

/** Files of a training folder that look like weights but are not. */
const notWeights = new Set([
  'training_args.bin',
  'optimizer.pt',
  'optimizer.bin',
  'scheduler.pt',
  'rng_state.pth',
]);

/** Weights for other libraries, to be named in the message. */
const otherLibraries = new Set(['tf_model.h5', 'flax_model.msgpack', 'model.onnx', 'rust_model.ot']);

/**
 * Finds a checkpoint's files, in one folder among those given.
 * @throws CheckpointFilesError when there are no weights or several to choose from
 */
export function pickFiles(files: readonly CheckpointFile[]): CheckpointFiles {
  const folder = pickFolder(files);
  const siblings = new Map(folder.map((file) => [fileName(file.path), file]));
  const weights = pickWeights(siblings, folder);
  return {
    config: siblings.get('config.json'),
    preprocessor: siblings.get('preprocessor_config.json'),
    weights,
    isIndex: weights.path.endsWith('.index.json'),
    siblings,
  };
}

/**
 * The files of the one folder that holds weights: folders with config.json before others, outer before inner ones (a
 * training run's output has earlier checkpoints inside).
 */
function pickFolder(files: readonly CheckpointFile[]): readonly CheckpointFile[] {
  const folders = new Map<string, CheckpointFile[]>();
  for (const file of files) {
    const folder = file.path.slice(0, file.path.lastIndexOf('/') + 1);
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  const withWeights = [...folders].filter(([, folder]) => folder.some(isWeights));
  const withConfig = withWeights.filter(([, folder]) =>
    folder.some(({ path }) => fileName(path) === 'config.json'),
  );
  const found = withConfig.length > 0 ? withConfig : withWeights;
  const depth = Math.min(...found.map(([path]) => path.split('/').length));
  const [first, second] = found.filter(([path]) => path.split('/').length === depth);
  if (first === undefined) return refuseWithoutWeights(files);
  if (second !== undefined) {
    throw new CheckpointFilesError(
      `There are several checkpoints here, in ${first[0] || 'the outer folder'} and ${second[0]}; drop one of them.`,
    );
  }
  return first[1];
}

function pickWeights(
  siblings: ReadonlyMap<string, CheckpointFile>,
  folder: readonly CheckpointFile[],
): CheckpointFile {
  for (const name of weightNames) {
    const file = siblings.get(name);
    if (file !== undefined) return file;
  }
  const [first, second] = folder.filter(isWeights);
  if (first === undefined) return refuseWithoutWeights(folder);
  if (second !== undefined) {
    throw new CheckpointFilesError(
      `${first.path} and ${second.path} both look like weights; drop the one you mean (with its config.json).`,
    );
  }
  return first;
}

function isWeights(file: CheckpointFile): boolean {
  const name = fileName(file.path);
  if (weightNames.some((known) => known === name)) return true;
  return /\.(?:safetensors|bin|pt|pth|ckpt)$/.test(name) && !notWeights.has(name);
}

function refuseWithoutWeights(files: readonly CheckpointFile[]): never {
  const other = files.find(({ path }) => otherLibraries.has(fileName(path)));
  if (other !== undefined) {
    throw new UnsupportedCheckpointError(
      `${other.path} holds weights for another library; model.safetensors or pytorch_model.bin is needed.`,
    );
  }
  throw new CheckpointFilesError(
    'There are no weights among these files: a checkpoint needs model.safetensors, pytorch_model.bin or an original .pt file.',
  );
}
