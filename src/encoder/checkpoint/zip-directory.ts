import { CompressedZipEntryError, MalformedZipError, TruncatedCheckpointError } from './errors.ts';
import { dataView, readRange, readUint64 } from './file-bytes.ts';
import type { CheckpointFile } from './file-bytes.ts';

/** One stored (uncompressed) entry. */
export interface ZipEntry {
  readonly name: string;
  readonly sizeBytes: number;
  /** Where its local header starts. */
  readonly headerOffset: number;
}

/* Record signatures and fixed sizes of APPNOTE.TXT 6.3.10, sections 4.3.7–4.3.16. */
const LOCAL_HEADER = 0x04034b50;
const DIRECTORY_ENTRY = 0x02014b50;
const END_OF_DIRECTORY = 0x06054b50;
const ZIP64_LOCATOR = 0x07064b50;
const ZIP64_END = 0x06064b50;
const LOCAL_HEADER_BYTES = 30;
const DIRECTORY_ENTRY_BYTES = 46;
const END_BYTES = 22;
const ZIP64_LOCATOR_BYTES = 20;
const ZIP64_END_BYTES = 56;

const MAX_COMMENT_BYTES = 65535;
/** A large model has some 500 entries of about 100 bytes each. */
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;
const ENCRYPTED_FLAG = 1;
const IN_ZIP64_EXTRA = 0xffffffff;

/**
 * The central directory of a zip archive (ZIP64 too), entries by name. Local headers are not trusted: torch writes
 * zero sizes into them.
 * @throws CompressedZipEntryError, MalformedZipError, TruncatedCheckpointError
 */
export async function readZipDirectory(file: CheckpointFile): Promise<Map<string, ZipEntry>> {
  const { start, sizeBytes, count } = await findDirectory(file);
  if (sizeBytes > MAX_DIRECTORY_BYTES || start + sizeBytes > file.blob.size) {
    throw new MalformedZipError(`${file.path} places its zip directory outside the file. Download it again.`);
  }
  const bytes = await readRange(file, start, start + sizeBytes);
  const view = dataView(bytes);
  const entries = new Map<string, ZipEntry>();
  let offset = 0;
  for (let i = 0; i < count; i += 1) {
    if (offset + DIRECTORY_ENTRY_BYTES > sizeBytes || view.getUint32(offset, true) !== DIRECTORY_ENTRY) {
      throw new MalformedZipError(
        `${file.path} has a damaged zip directory (entry ${i}). Download it again.`,
      );
    }
    const nameBytes = view.getUint16(offset + 28, true);
    const extraBytes = view.getUint16(offset + 30, true);
    const end = offset + DIRECTORY_ENTRY_BYTES + nameBytes + extraBytes + view.getUint16(offset + 32, true);
    if (end > sizeBytes) {
      throw new MalformedZipError(
        `${file.path} has a damaged zip directory (entry ${i}). Download it again.`,
      );
    }
    const entry = parseEntry(file.path, bytes.subarray(offset, end), nameBytes, extraBytes);
    if (entries.has(entry.name)) {
      throw new MalformedZipError(`${file.path} holds the entry ${entry.name} twice.`);
    }
    if (entry.headerOffset + LOCAL_HEADER_BYTES + entry.sizeBytes > start) {
      throw new MalformedZipError(`${file.path} places ${entry.name} outside the file. Download it again.`);
    }
    entries.set(entry.name, entry);
    offset = end;
  }
  return entries;
}

/** Where an entry's payload starts: after its local header, whose name and extra field have lengths of their own. */
export async function payloadOffset(file: CheckpointFile, entry: ZipEntry): Promise<number> {
  const header = dataView(await readRange(file, entry.headerOffset, entry.headerOffset + LOCAL_HEADER_BYTES));
  if (header.getUint32(0, true) !== LOCAL_HEADER) {
    throw new MalformedZipError(
      `${file.path} has no entry where ${entry.name} should be. Download it again.`,
    );
  }
  return entry.headerOffset + LOCAL_HEADER_BYTES + header.getUint16(26, true) + header.getUint16(28, true);
}

/** The whole payload of a small entry. */
export async function readEntry(file: CheckpointFile, entry: ZipEntry): Promise<Uint8Array<ArrayBuffer>> {
  const start = await payloadOffset(file, entry);
  return readRange(file, start, start + entry.sizeBytes);
}

interface DirectoryPlace {
  readonly start: number;
  readonly sizeBytes: number;
  readonly count: number;
}

async function findDirectory(file: CheckpointFile): Promise<DirectoryPlace> {
  const tailStart = Math.max(0, file.blob.size - END_BYTES - MAX_COMMENT_BYTES - ZIP64_LOCATOR_BYTES);
  const view = dataView(await readRange(file, tailStart, file.blob.size));
  let end = view.byteLength - END_BYTES;
  // The record is the last one whose comment reaches exactly to the end of the file.
  while (
    end >= 0 &&
    !(
      view.getUint32(end, true) === END_OF_DIRECTORY &&
      end + END_BYTES + view.getUint16(end + 20, true) === view.byteLength
    )
  ) {
    end -= 1;
  }
  if (end < 0) {
    throw new TruncatedCheckpointError(
      `${file.path} is cut off: its zip directory, which ends the file, is missing. Download it again.`,
    );
  }
  const locator = end - ZIP64_LOCATOR_BYTES;
  if (locator >= 0 && view.getUint32(locator, true) === ZIP64_LOCATOR) {
    return zip64Directory(file, readUint64(view, locator + 8));
  }
  return {
    count: view.getUint16(end + 10, true),
    sizeBytes: view.getUint32(end + 12, true),
    start: view.getUint32(end + 16, true),
  };
}

async function zip64Directory(file: CheckpointFile, offset: number): Promise<DirectoryPlace> {
  const end = offset + ZIP64_END_BYTES;
  if (end > file.blob.size) {
    throw new MalformedZipError(
      `${file.path} places its ZIP64 directory outside the file. Download it again.`,
    );
  }
  const view = dataView(await readRange(file, offset, end));
  if (view.getUint32(0, true) !== ZIP64_END) {
    throw new MalformedZipError(`${file.path} has a damaged ZIP64 directory. Download it again.`);
  }
  return { count: readUint64(view, 32), sizeBytes: readUint64(view, 40), start: readUint64(view, 48) };
}

function parseEntry(path: string, bytes: Uint8Array, nameBytes: number, extraBytes: number): ZipEntry {
  const view = dataView(bytes);
  const nameEnd = DIRECTORY_ENTRY_BYTES + nameBytes;
  const name = new TextDecoder().decode(bytes.subarray(DIRECTORY_ENTRY_BYTES, nameEnd));
  if (view.getUint16(10, true) !== 0 || (view.getUint16(8, true) & ENCRYPTED_FLAG) !== 0) {
    throw new CompressedZipEntryError(
      `${path} holds ${name.slice(0, 100)} compressed or encrypted; torch.save never does that. ` +
        'Take the file as torch wrote it, not one that was zipped again.',
    );
  }
  const extra = zip64Extra(view, nameEnd, nameEnd + extraBytes);
  // The ZIP64 field holds only the values that do not fit, in this order.
  const wide = (value: number): number => {
    if (value !== IN_ZIP64_EXTRA) return value;
    const next = extra.shift();
    if (next === undefined)
      throw new MalformedZipError(`${path} has a damaged ZIP64 entry. Download it again.`);
    return next;
  };
  const sizeBytes = wide(view.getUint32(24, true));
  const storedBytes = wide(view.getUint32(20, true));
  const headerOffset = wide(view.getUint32(42, true));
  if (storedBytes !== sizeBytes) {
    throw new MalformedZipError(`${path} contradicts itself about the size of ${name.slice(0, 100)}.`);
  }
  return { name, sizeBytes, headerOffset };
}

/** 64-bit values of the extra field with tag 1. */
function zip64Extra(view: DataView, start: number, end: number): number[] {
  let offset = start;
  while (offset + 4 <= end) {
    const fieldEnd = offset + 4 + view.getUint16(offset + 2, true);
    if (view.getUint16(offset, true) === 1) {
      const values: number[] = [];
      for (let at = offset + 4; at + 8 <= Math.min(fieldEnd, end); at += 8) values.push(readUint64(view, at));
      return values;
    }
    offset = fieldEnd;
  }
  return [];
}
