/**
 * Byte layout of an uncompressed ZIP (PKWARE APPNOTE 6.3): per file a local header, the bytes, and — where the checksum
 * is not known ahead — a data descriptor; then the central directory. Everything that could differ between two runs
 * is fixed (date 1980-01-01, no owner, no platform), so equal contents give equal bytes. ZIP64 fields appear where,
 * and only where, a size or an offset does not fit in 32 bits.
 */
export interface ZipFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** Where its local header begins. */
  readonly offset: number;
  /** CRC-32 of the content; null when it is only known after streaming. */
  readonly crc: number | null;
}

export const LOCAL_HEADER_SIGNATURE = 0x04034b50;
export const CENTRAL_HEADER_SIGNATURE = 0x02014b50;
export const END_SIGNATURE = 0x06054b50;
export const END64_SIGNATURE = 0x06064b50;
export const END64_LOCATOR_SIGNATURE = 0x07064b50;
const DESCRIPTOR_SIGNATURE = 0x08074b50;

const UINT32_MAX = 0xffffffff;
const UINT16_MAX = 0xffff;
/** 1980-01-01, the earliest date the format knows. */
const DOS_DATE = 0x0021;
const FLAG_UTF8 = 0x0800;
const FLAG_DESCRIPTOR = 0x0008;
const VERSION_PLAIN = 20;
const VERSION_ZIP64 = 45;

export function localHeader(file: ZipFile): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(file.name);
  const big = file.sizeBytes >= UINT32_MAX;
  const streamed = file.crc === null;
  const fields = new Fields(30 + name.length + (big ? 20 : 0))
    .u32(LOCAL_HEADER_SIGNATURE)
    .u16(big ? VERSION_ZIP64 : VERSION_PLAIN)
    .u16(FLAG_UTF8 | (streamed ? FLAG_DESCRIPTOR : 0))
    .u16(0)
    .u16(0)
    .u16(DOS_DATE)
    .u32(file.crc ?? 0);
  const declared = streamed ? 0 : file.sizeBytes;
  fields.u32(big ? UINT32_MAX : declared).u32(big ? UINT32_MAX : declared);
  fields
    .u16(name.length)
    .u16(big ? 20 : 0)
    .bytes(name);
  if (big) fields.u16(1).u16(16).u64(declared).u64(declared);
  return fields.done();
}

/** Follows the content of a file whose local header could not name the checksum. */
export function dataDescriptor(file: ZipFile, crc: number): Uint8Array<ArrayBuffer> {
  if (file.sizeBytes >= UINT32_MAX)
    return new Fields(24).u32(DESCRIPTOR_SIGNATURE).u32(crc).u64(file.sizeBytes).u64(file.sizeBytes).done();
  return new Fields(16).u32(DESCRIPTOR_SIGNATURE).u32(crc).u32(file.sizeBytes).u32(file.sizeBytes).done();
}

/** The directory at the end of the file, which begins at `offset`. */
export function centralDirectory(
  files: readonly (ZipFile & { readonly streamed: boolean; readonly crc: number })[],
  offset: number,
): Uint8Array<ArrayBuffer> {
  const fields = new Fields(centralDirectorySizeBytes(files, offset));
  for (const file of files) {
    const name = new TextEncoder().encode(file.name);
    const big = file.sizeBytes >= UINT32_MAX;
    const far = file.offset >= UINT32_MAX;
    const extra = (big ? 16 : 0) + (far ? 8 : 0);
    const version = big || far ? VERSION_ZIP64 : VERSION_PLAIN;
    fields
      .u32(CENTRAL_HEADER_SIGNATURE)
      .u16(version)
      .u16(version)
      .u16(FLAG_UTF8 | (file.streamed ? FLAG_DESCRIPTOR : 0))
      .u16(0)
      .u16(0)
      .u16(DOS_DATE)
      .u32(file.crc)
      .u32(big ? UINT32_MAX : file.sizeBytes)
      .u32(big ? UINT32_MAX : file.sizeBytes)
      .u16(name.length)
      .u16(extra ? extra + 4 : 0)
      .u16(0)
      .u16(0)
      .u16(0)
      .u32(0)
      .u32(far ? UINT32_MAX : file.offset)
      .bytes(name);
    if (extra) fields.u16(1).u16(extra);
    if (big) fields.u64(file.sizeBytes).u64(file.sizeBytes);
    if (far) fields.u64(file.offset);
  }
  const size = fields.position;
  const end = offset + size;
  if (needsZip64End(files.length, offset, size)) {
    fields
      .u32(END64_SIGNATURE)
      .u64(44)
      .u16(VERSION_ZIP64)
      .u16(VERSION_ZIP64)
      .u32(0)
      .u32(0)
      .u64(files.length)
      .u64(files.length)
      .u64(size)
      .u64(offset);
    fields.u32(END64_LOCATOR_SIGNATURE).u32(0).u64(end).u32(1);
  }
  return fields
    .u32(END_SIGNATURE)
    .u16(0)
    .u16(0)
    .u16(Math.min(files.length, UINT16_MAX))
    .u16(Math.min(files.length, UINT16_MAX))
    .u32(Math.min(size, UINT32_MAX))
    .u32(Math.min(offset, UINT32_MAX))
    .u16(0)
    .done();
}

export function centralDirectorySizeBytes(files: readonly ZipFile[], offset: number): number {
  const size = files.reduce((sum, file) => {
    const extra = (file.sizeBytes >= UINT32_MAX ? 16 : 0) + (file.offset >= UINT32_MAX ? 8 : 0);
    return sum + 46 + new TextEncoder().encode(file.name).length + (extra ? extra + 4 : 0);
  }, 0);
  return size + (needsZip64End(files.length, offset, size) ? 56 + 20 : 0) + 22;
}

/** Size of what stands around a streamed file's content. */
export function streamedOverheadBytes(file: Pick<ZipFile, 'name' | 'sizeBytes'>): number {
  const big = file.sizeBytes >= UINT32_MAX;
  return 30 + new TextEncoder().encode(file.name).length + (big ? 20 : 0) + (big ? 24 : 16);
}

function needsZip64End(count: number, offset: number, size: number): boolean {
  return count >= UINT16_MAX || offset >= UINT32_MAX || size >= UINT32_MAX;
}

/** Writes little-endian fields one after another. */
class Fields {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  position = 0;

  constructor(sizeBytes: number) {
    this.#bytes = new Uint8Array(sizeBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  u16(value: number): this {
    this.#view.setUint16(this.position, value, true);
    this.position += 2;
    return this;
  }

  u32(value: number): this {
    this.#view.setUint32(this.position, value, true);
    this.position += 4;
    return this;
  }

  u64(value: number): this {
    this.#view.setBigUint64(this.position, BigInt(value), true);
    this.position += 8;
    return this;
  }

  bytes(bytes: Uint8Array): this {
    this.#bytes.set(bytes, this.position);
    this.position += bytes.length;
    return this;
  }

  done(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }
}
