import { createSHA256, createXXHash128 } from 'hash-wasm';

/** Feeds bytes in pieces; `hex()` ends it. */
export interface StreamingDigest {
  update(bytes: Uint8Array): void;
  hex(): string;
}

/** SHA-256 in pieces (about 170 MB/s); WebCrypto cannot hash a stream. */
export async function sha256Stream(): Promise<StreamingDigest> {
  const hasher = await createSHA256();
  return { update: (bytes) => void hasher.update(bytes), hex: () => hasher.digest('hex') };
}

/** XXH3-128 in pieces (over 1 GB/s): finds damage and change, no defence against forgery. */
export async function xxh128Stream(): Promise<StreamingDigest> {
  const hasher = await createXXHash128();
  return { update: (bytes) => void hasher.update(bytes), hex: () => hasher.digest('hex') };
}

/** SHA-256 of a text's UTF-8 bytes, lower-case hex. */
export async function sha256Text(text: string): Promise<string> {
  const hasher = await createSHA256();
  return hasher.update(new TextEncoder().encode(text)).digest('hex');
}
