import {
  SafetensorsHeaderError,
  TensorOffsetsError,
  TensorSizeError,
  TruncatedCheckpointError,
} from './errors.ts';
import { UnsupportedDtypeError } from './errors.ts';
import { dataView, readRange, readUint64 } from './file-bytes.ts';
import type { CheckpointFile } from './file-bytes.ts';
import { toFloat32 } from './float-formats.ts';
import { repeatedKey } from './json-keys.ts';
import { elementCount, isFloatDtype } from './stored-tensor.ts';
import type { StoredDtype, StoredTensor } from './stored-tensor.ts';

/** The format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;

/** Bytes per value of every type that a header may name (safetensors 0.7); `other` types are never read. */
const knownDtypes: ReadonlyMap<string, { readonly dtype: StoredDtype; readonly bytes: number }> = new Map([
  ['F64', { dtype: 'F64', bytes: 8 }],
  ['F32', { dtype: 'F32', bytes: 4 }],
  ['F16', { dtype: 'F16', bytes: 2 }],
  ['BF16', { dtype: 'BF16', bytes: 2 }],
  ['I64', { dtype: 'I64', bytes: 8 }],
  ['I32', { dtype: 'I32', bytes: 4 }],
  ['I16', { dtype: 'I16', bytes: 2 }],
  ['I8', { dtype: 'I8', bytes: 1 }],
  ['U8', { dtype: 'U8', bytes: 1 }],
  ['BOOL', { dtype: 'BOOL', bytes: 1 }],
  ['U16', { dtype: 'other', bytes: 2 }],
  ['U32', { dtype: 'other', bytes: 4 }],
  ['U64', { dtype: 'other', bytes: 8 }],
  ['C64', { dtype: 'other', bytes: 8 }],
  ['F8_E4M3', { dtype: 'other', bytes: 1 }],
  ['F8_E5M2', { dtype: 'other', bytes: 1 }],
]);

interface HeaderEntry {
  readonly name: string;
  readonly dtype: StoredDtype;
  readonly dtypeName: string;
  readonly bytesPerValue: number;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads the header of a safetensors file and checks every claim in it against the file's size; values stay unread.
 * Layout: u64 little-endian header length, JSON header, then the tensors without gaps.
 */
export async function openSafetensors(file: CheckpointFile): Promise<StoredTensor[]> {
  if (file.blob.size < 8) {
    throw new TruncatedCheckpointError(`${file.path} has only ${file.blob.size} bytes. Download it again.`);
  }
  const headerBytes = readUint64(dataView(await readRange(file, 0, 8)), 0);
  if (headerBytes > MAX_HEADER_BYTES) {
    throw new SafetensorsHeaderError(
      `${file.path} announces a header of more than 100,000,000 bytes, which safetensors does not allow. The file is damaged or of another kind.`,
    );
  }
  if (8 + headerBytes > file.blob.size) {
    throw new TruncatedCheckpointError(
      `${file.path} is cut off inside its header (${file.blob.size} bytes). Download it again.`,
    );
  }
  const dataStart = 8 + headerBytes;
  const entries = parseHeader(file.path, await readRange(file, 8, dataStart));
  checkOffsets(file, entries, dataStart);
  return entries.map((entry) => ({
    name: entry.name,
    shape: entry.shape,
    dtype: entry.dtype,
    read: async () => {
      if (!isFloatDtype(entry.dtype)) {
        throw new UnsupportedDtypeError(
          `${entry.name} in ${file.path} is stored as ${entry.dtypeName}; weights must be F32, F16, BF16 or F64.`,
        );
      }
      return toFloat32(await readRange(file, dataStart + entry.begin, dataStart + entry.end), entry.dtype);
    },
  }));
}

function parseHeader(path: string, bytes: Uint8Array): HeaderEntry[] {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!text.startsWith('{')) throw new SyntaxError('a header starts with {');
    header = JSON.parse(text);
  } catch (cause) {
    throw new SafetensorsHeaderError(`${path} has a header that is not JSON. The file is damaged.`, {
      cause,
    });
  }
  const repeated = repeatedKey(text);
  if (repeated !== null) {
    throw new SafetensorsHeaderError(`${path} names “${repeated}” twice in its header. The file is damaged.`);
  }
  const entries: HeaderEntry[] = [];
  for (const [name, value] of Object.entries(header as Record<string, unknown>)) {
    if (name === '__metadata__') checkMetadata(path, value);
    else entries.push(parseEntry(path, name, value));
  }
  return entries;
}

function checkMetadata(path: string, value: unknown): void {
  const fits =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((item) => typeof item === 'string');
  if (!fits) throw new SafetensorsHeaderError(`${path} has a __metadata__ that is not text → text.`);
}

function parseEntry(path: string, name: string, value: unknown): HeaderEntry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const known = typeof dtype === 'string' ? knownDtypes.get(dtype) : undefined;
  if (typeof dtype !== 'string' || !isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) {
    throw new SafetensorsHeaderError(
      `${path} describes ${name} without a valid dtype, shape and data_offsets.`,
    );
  }
  if (known === undefined) {
    throw new UnsupportedDtypeError(`${name} in ${path} has the unknown type ${dtype.slice(0, 40)}.`);
  }
  const [begin = 0, end = 0] = offsets;
  return { name, dtype: known.dtype, dtypeName: dtype, bytesPerValue: known.bytes, shape, begin, end };
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
}

function checkOffsets(file: CheckpointFile, entries: readonly HeaderEntry[], dataStart: number): void {
  const sorted = entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const { name, begin, end, shape, bytesPerValue } of sorted) {
    if (begin !== position || end < begin) {
      const problem = begin < position || end < begin ? 'overlaps its neighbour' : 'leaves a gap before it';
      throw new TensorOffsetsError(
        `${name} in ${file.path} lies at bytes ${begin}–${end}, which ${problem}. The file is damaged.`,
      );
    }
    const needed = elementCount(shape) * bytesPerValue;
    if (end - begin !== needed) {
      throw new TensorSizeError(
        `${name} in ${file.path} has shape [${shape.join(', ')}], ${needed} bytes, but is given ${end - begin}.`,
      );
    }
    position = end;
  }
  const dataBytes = file.blob.size - dataStart;
  if (position > dataBytes) {
    throw new TruncatedCheckpointError(
      `${file.path} is cut off: its tensors need ${dataStart + position} bytes, it has ${file.blob.size}. Download it again.`,
    );
  }
  if (position < dataBytes) {
    throw new TensorOffsetsError(
      `${file.path} has ${dataBytes - position} bytes after its last tensor, which its header does not describe.`,
    );
  }
}
