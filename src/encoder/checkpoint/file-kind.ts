import {
  GitLfsPointerError,
  HtmlPageError,
  MalformedJsonError,
  TruncatedCheckpointError,
  UnrecognisedWeightsError,
  UnsupportedCheckpointError,
} from './errors.ts';
import { readRange } from './file-bytes.ts';
import type { CheckpointFile } from './file-bytes.ts';
import { legacyMagic } from './torch-legacy.ts';

export type WeightsKind = 'safetensors' | 'torch-zip' | 'torch-legacy';

const HEAD_BYTES = 512;
const MAX_JSON_BYTES = 16 * 1024 * 1024;

/** Signatures of files that are no weights or weights of other libraries, with what to do about them. */
const otherKinds: readonly { readonly bytes: readonly number[]; readonly what: string }[] = [
  { bytes: [0x89, 0x48, 0x44, 0x46], what: 'holds TensorFlow weights (HDF5)' },
  { bytes: [0x1f, 0x8b], what: 'is a gzip archive; unpack it first' },
  { bytes: [0x80], what: 'is a pickle, but not one that torch.save wrote' },
  { bytes: [0x47, 0x47, 0x55, 0x46], what: 'is a GGUF file' },
];

/**
 * What a weights file is, by its first bytes, whatever its name.
 * @throws GitLfsPointerError, HtmlPageError, TruncatedCheckpointError, UnsupportedCheckpointError,
 * UnrecognisedWeightsError
 */
export async function weightsKind(file: CheckpointFile): Promise<WeightsKind> {
  const head = await readHead(file);
  refusePlaceholder(file.path, head);
  if (startsWith(head, [0x50, 0x4b, 0x03, 0x04])) return 'torch-zip';
  if (startsWith(head, legacyMagic)) return 'torch-legacy';
  if (head[8] === 0x7b || file.path.endsWith('.safetensors')) return 'safetensors';
  const other = otherKinds.find(({ bytes }) => startsWith(head, bytes));
  if (other !== undefined) {
    throw new UnsupportedCheckpointError(
      `${file.path} ${other.what}. Use model.safetensors or pytorch_model.bin of the same model.`,
    );
  }
  throw new UnrecognisedWeightsError(
    `${file.path} is neither a safetensors nor a PyTorch file. Use model.safetensors or pytorch_model.bin.`,
  );
}

/**
 * The parsed content of a small JSON file; placeholders are refused like those of weights.
 * @throws MalformedJsonError
 */
export async function readJson(file: CheckpointFile): Promise<unknown> {
  if (file.blob.size > MAX_JSON_BYTES) {
    throw new MalformedJsonError(
      `${file.path} has ${file.blob.size} bytes, far too many for what it should be.`,
    );
  }
  refusePlaceholder(file.path, await readHead(file));
  const text = new TextDecoder().decode(await readRange(file, 0, file.blob.size));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MalformedJsonError(`${file.path} is not valid JSON. Download it again.`, { cause });
  }
}

async function readHead(file: CheckpointFile): Promise<Uint8Array> {
  if (file.blob.size === 0) {
    throw new TruncatedCheckpointError(`${file.path} is empty. Download it again.`);
  }
  return readRange(file, 0, Math.min(HEAD_BYTES, file.blob.size));
}

function refusePlaceholder(path: string, head: Uint8Array): void {
  const text = new TextDecoder('latin1').decode(head).trimStart();
  if (text.startsWith('version https://git-lfs')) {
    const size = /\nsize (\d+)/.exec(text)?.[1];
    throw new GitLfsPointerError(
      `${path} is only a Git LFS pointer${size === undefined ? '' : ` to a file of ${size} bytes`}. ` +
        'Run “git lfs pull” in the folder, or download the file from the model’s page.',
    );
  }
  if (/^<(?:!doctype|html|head|body|\?xml|error)/i.test(text)) {
    throw new HtmlPageError(
      `${path} is a web page, not the file itself: the download went to a page or an error. Download it again.`,
    );
  }
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, i) => bytes[i] === byte);
}
