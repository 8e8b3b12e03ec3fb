import { createSHA256, createXXHash128, type IHasher } from 'hash-wasm';

/** Feeds bytes in pieces; `hex()` ends it, after which both throw. */
export interface StreamingDigest {
  update(bytes: Uint8Array): void;
  hex(): string;
}

/**
 * Hashers of one kind, taken again once their digest is read. Each is a WebAssembly instance, and reserves gigabytes of
 * addresses until it is collected: with a new one for every file and record a browser soon refuses to make any more.
 */
class Hashers {
  readonly #create: () => Promise<IHasher>;
  readonly #atRest: IHasher[] = [];

  constructor(create: () => Promise<IHasher>) {
    this.#create = create;
  }

  async stream(): Promise<StreamingDigest> {
    let atWork: IHasher | null = this.#atRest.pop() ?? (await this.#create());
    atWork.init();
    const hasher = (): IHasher => {
      if (!atWork) throw new Error('This digest has ended; a new one is needed for more bytes.');
      return atWork;
    };
    return {
      update: (bytes) => void hasher().update(bytes),
      hex: () => {
        const used = hasher();
        atWork = null;
        const digest = used.digest('hex');
        this.#atRest.push(used);
        return digest;
      },
    };
  }
}

const sha256 = new Hashers(() => createSHA256());
const xxh128 = new Hashers(() => createXXHash128());

/** SHA-256 in pieces (about 170 MB/s); WebCrypto cannot hash a stream. */
export function sha256Stream(): Promise<StreamingDigest> {
  return sha256.stream();
}

/** XXH3-128 in pieces (over 1 GB/s): finds damage and change, no defence against forgery. */
export function xxh128Stream(): Promise<StreamingDigest> {
  return xxh128.stream();
}

/** SHA-256 of a text's UTF-8 bytes, lower-case hex. */
export async function sha256Text(text: string): Promise<string> {
  const digest = await sha256.stream();
  digest.update(new TextEncoder().encode(text));
  return digest.hex();
}
