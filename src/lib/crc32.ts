/** Bytes folded per round: one table for each. */
const SLICES = 16;
const tables = buildTables();

/**
 * CRC-32 as ZIP and PNG use it (reflected polynomial 0xEDB88320), sixteen bytes a round ("slicing by 16", M. Kounavis
 * and F. Berry, 2008).
 * @param previous Result over the bytes before these; 0 to begin.
 */
export function crc32(bytes: Uint8Array, previous = 0): number {
  const t = tables;
  let crc = ~previous;
  let i = 0;
  const rounds = bytes.length - (bytes.length % SLICES);
  for (; i < rounds; i += SLICES) {
    const a = crc ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
    crc =
      t[3840 + (a & 255)]! ^
      t[3584 + ((a >>> 8) & 255)]! ^
      t[3328 + ((a >>> 16) & 255)]! ^
      t[3072 + (a >>> 24)]! ^
      t[2816 + bytes[i + 4]!]! ^
      t[2560 + bytes[i + 5]!]! ^
      t[2304 + bytes[i + 6]!]! ^
      t[2048 + bytes[i + 7]!]! ^
      t[1792 + bytes[i + 8]!]! ^
      t[1536 + bytes[i + 9]!]! ^
      t[1280 + bytes[i + 10]!]! ^
      t[1024 + bytes[i + 11]!]! ^
      t[768 + bytes[i + 12]!]! ^
      t[512 + bytes[i + 13]!]! ^
      t[256 + bytes[i + 14]!]! ^
      t[bytes[i + 15]!]!;
  }
  for (; i < bytes.length; i += 1) crc = t[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

function buildTables(): Int32Array {
  const t = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    t[byte] = crc;
  }
  for (let slice = 1; slice < SLICES; slice += 1)
    for (let byte = 0; byte < 256; byte += 1) {
      const previous = t[(slice - 1) * 256 + byte]!;
      t[slice * 256 + byte] = (previous >>> 8) ^ t[previous & 255]!;
    }
  return t;
}
