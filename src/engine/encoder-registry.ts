import { openBuiltIn } from '../encoder/built-in.ts';
import type { Checkpoint } from '../encoder/checkpoint/checkpoint.ts';
import { hashing } from '../encoder/checkpoint/weights-hash.ts';
import { openCheckpoint } from '../encoder/checkpoint/open.ts';
import { downloadFromHub } from '../encoder/checkpoint/hub.ts';
import { keepCheckpoint, openKept } from '../encoder/checkpoint/keep.ts';
import { createEncoder, type Encoder } from '../encoder/wavlm.ts';
import type { DeviceManager } from './device-manager.ts';
import { EncoderNeededError, UnknownIdError } from './errors.ts';
import type { EventHub } from './event-hub.ts';
import type { EncoderStatus } from './protocol.ts';

/** Where an encoder's weights can be had again after the page was reopened. */
export type EncoderSource =
  | { readonly kind: 'built-in' }
  | { readonly kind: 'hub'; readonly id: string; readonly hub?: string }
  | { readonly kind: 'kept'; readonly hash: string };

interface KnownEncoder {
  readonly status: EncoderStatus;
  readonly source: EncoderSource;
  readonly checkpoint: Checkpoint;
  /** On the device of this generation; null when it has to be built. */
  built: { readonly encoder: Encoder; readonly generation: number } | null;
}

export const BUILT_IN = 'wavlm-nano';

/** Knows every encoder loaded in this session, and keeps the weights of one at a time on the device. */
export class EncoderRegistry {
  readonly #known = new Map<string, KnownEncoder>();
  readonly #devices: DeviceManager;
  readonly #events: EventHub;
  #latest: string | null = null;

  constructor(devices: DeviceManager, events: EventHub) {
    this.#devices = devices;
    this.#events = events;
  }

  list(): EncoderStatus[] {
    return [...this.#known.values()].map(({ status }) => status);
  }

  get latest(): string | null {
    return this.#latest;
  }

  /** @throws UnknownIdError */
  get(id: string): { readonly status: EncoderStatus; readonly source: EncoderSource } {
    const known = this.#known.get(id);
    if (!known) throw new UnknownIdError('encoder', id);
    return known;
  }

  has(id: string): boolean {
    return this.#known.has(id);
  }

  /** Loads a checkpoint, puts it on the device once (this reads and checks every weight) and names it. */
  async load(source: string | readonly File[], hub?: string): Promise<EncoderStatus> {
    if (typeof source !== 'string') return this.#loadFiles(source);
    if (source === BUILT_IN) {
      const { checkpoint, trained } = await openBuiltIn();
      return this.#register(checkpoint, { kind: 'built-in' }, BUILT_IN, trained);
    }
    const { files } = await downloadFromHub(source, {
      hub,
      onProgress: (progress) =>
        this.#events.emitThrottled(`download ${progress.file}`, () => ({ type: 'download', progress })),
    });
    const from: EncoderSource = { kind: 'hub', id: source, ...(hub === undefined ? {} : { hub }) };
    return this.#register(await openCheckpoint(files), from, source, true);
  }

  /** Finds the encoder of an earlier session again. @throws EncoderNeededError */
  async restore(id: string, name: string, source: EncoderSource): Promise<EncoderStatus> {
    const known = this.#known.get(id);
    if (known) return known.status;
    let status: EncoderStatus;
    if (source.kind === 'kept') {
      const kept = await openKept(source.hash);
      if (!kept) throw new EncoderNeededError(name);
      status = await this.#register(await openCheckpoint(kept.files), source, name, true);
    } else {
      status = await this.load(
        source.kind === 'built-in' ? BUILT_IN : source.id,
        source.kind === 'hub' ? source.hub : undefined,
      );
    }
    if (status.id !== id) throw new EncoderNeededError(name);
    return status;
  }

  /** The encoder, ready on the present device; weights of others leave it. */
  async onDevice(id: string): Promise<Encoder> {
    const known = this.#known.get(id);
    if (!known) throw new UnknownIdError('encoder', id);
    await this.#devices.device();
    const { generation } = this.#devices;
    if (known.built?.generation === generation) return known.built.encoder;
    this.#clearDevice(generation);
    const encoder = await createEncoder(known.checkpoint);
    known.built = { encoder, generation };
    return encoder;
  }

  async #loadFiles(files: readonly File[]): Promise<EncoderStatus> {
    const named = files.map((file) => ({ path: file.webkitRelativePath || file.name, blob: file as Blob }));
    const checkpoint = await openCheckpoint(named);
    const folder = named[0]?.path.split('/').at(-2);
    const name = folder ?? named.find(({ path }) => !path.endsWith('.json'))?.path ?? 'checkpoint';
    const status = await this.#register(checkpoint, null, name, true);
    await keepCheckpoint(name, named, status.weightsHash);
    return status;
  }

  async #register(
    checkpoint: Checkpoint,
    source: EncoderSource | null,
    name: string,
    trained: boolean,
  ): Promise<EncoderStatus> {
    await this.#devices.device();
    const { generation } = this.#devices;
    this.#clearDevice(generation);
    const hashed = hashing(checkpoint);
    const encoder = await createEncoder(hashed.checkpoint);
    const weightsHash = await hashed.hash();
    const id = weightsHash.slice(0, 16);
    const status: EncoderStatus = {
      id,
      name,
      modelType: checkpoint.config.modelType,
      layers: encoder.layers,
      hiddenSize: encoder.hiddenSize,
      parameters: encoder.parameters,
      weightsHash,
      trained,
    };
    this.#known.set(id, {
      status,
      source: source ?? { kind: 'kept', hash: weightsHash },
      checkpoint,
      built: { encoder, generation },
    });
    this.#latest = id;
    this.#events.emit({ type: 'encoder', encoder: status });
    return status;
  }

  /** Weights of a former device went with it; those on the present one are freed. */
  #clearDevice(generation: number): void {
    for (const known of this.#known.values()) {
      if (known.built?.generation === generation) known.built.encoder.dispose();
      known.built = null;
    }
  }
}
