import { openBuiltIn } from '../encoder/built-in.ts';
import type { Checkpoint } from '../encoder/checkpoint/checkpoint.ts';
import { hashing } from '../encoder/checkpoint/weights-hash.ts';
import { openCheckpoint } from '../encoder/checkpoint/open.ts';
import { checkpointFiles } from '../encoder/checkpoint/file-bytes.ts';
import { downloadFromHub } from '../encoder/checkpoint/hub.ts';
import { keepCheckpoint, openKept } from '../encoder/checkpoint/keep.ts';
import { recordWeightsHash } from '../encoder/checkpoint/model-store.ts';
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

/** What an extraction remembers of its encoder. */
export interface WantedEncoder {
  readonly id: string;
  readonly name: string;
  readonly source: EncoderSource;
  readonly weightsHash: string;
}

interface KnownEncoder {
  readonly status: EncoderStatus;
  readonly source: EncoderSource;
  readonly checkpoint: Checkpoint;
  /** On the device of this generation; null when it has to be built. */
  built: { readonly encoder: Encoder; readonly generation: number } | null;
}

export const BUILT_IN = 'wavlm-nano';

/**
 * Knows every encoder loaded in this session, and keeps the weights of one at a time on the device; a second one only
 * while the first is at work in an extraction.
 */
export class EncoderRegistry {
  readonly #known = new Map<string, KnownEncoder>();
  readonly #devices: DeviceManager;
  readonly #events: EventHub;
  #latest: string | null = null;
  /** The encoder of the extraction that is running: its weights stay where they are. */
  #atWork: string | null = null;

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

  /**
   * Loads a checkpoint, puts it on the device once (this reads and checks every weight) and names it. One that was
   * loaded by its name before is given back as it is.
   */
  async load(source: string | readonly File[], hub?: string): Promise<EncoderStatus> {
    if (typeof source !== 'string') return this.#loadFiles(source);
    const before = this.#loadedFrom(source, hub);
    if (before) {
      this.#latest = before.status.id;
      return before.status;
    }
    if (source === BUILT_IN) {
      const { checkpoint, trained } = await openBuiltIn();
      return this.#register(checkpoint, { kind: 'built-in' }, BUILT_IN, trained);
    }
    const { files, model } = await downloadFromHub(source, {
      hub,
      onProgress: (progress) =>
        this.#events.emitThrottled(`download ${progress.file}`, () => ({ type: 'download', progress })),
    });
    const from: EncoderSource = { kind: 'hub', id: source, ...(hub === undefined ? {} : { hub }) };
    const status = await this.#register(await openCheckpoint(files), from, source, true);
    // From now on an extraction finds these weights again without any request.
    await recordWeightsHash(model.key, status.weightsHash);
    return status;
  }

  #loadedFrom(name: string, hub: string | undefined): KnownEncoder | undefined {
    return [...this.#known.values()].find(({ source }) =>
      source.kind === 'hub'
        ? source.id === name && source.hub === hub
        : source.kind === 'built-in' && name === BUILT_IN,
    );
  }

  /**
   * Finds the encoder of an earlier session again: in the browser's own storage by the hash of its weights, which is
   * compared once they have been read, or where it came from.
   * @throws EncoderNeededError when it is nowhere, or other weights are in its place
   */
  async restore({ id, name, source, weightsHash }: WantedEncoder): Promise<EncoderStatus> {
    const known = this.#known.get(id);
    if (known) return known.status;
    const kept = source.kind === 'built-in' ? null : await openKept(weightsHash);
    let status: EncoderStatus;
    if (kept) status = await this.#register(await openCheckpoint(kept.files), source, name, true);
    else if (source.kind === 'built-in') status = await this.load(BUILT_IN);
    else if (source.kind === 'hub') status = await this.load(source.id, source.hub);
    else throw new EncoderNeededError(name);
    if (status.weightsHash !== weightsHash) throw new EncoderNeededError(name);
    return status;
  }

  /** Lets the weights of the extraction that has ended leave the device when others come. */
  release(): void {
    this.#atWork = null;
  }

  /** The encoder, ready on the present device; weights of others leave it. `keep` holds these there until `release`. */
  async onDevice(id: string, { keep = false } = {}): Promise<Encoder> {
    const known = this.#known.get(id);
    if (!known) throw new UnknownIdError('encoder', id);
    if (keep) this.#atWork = id;
    await this.#devices.device();
    const { generation } = this.#devices;
    if (known.built?.generation === generation) return known.built.encoder;
    this.#clearDevice(generation);
    const encoder = await createEncoder(known.checkpoint);
    known.built = { encoder, generation };
    return encoder;
  }

  async #loadFiles(files: readonly File[]): Promise<EncoderStatus> {
    const named = checkpointFiles(files);
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
    this.#latest = id;
    const known = this.#known.get(id);
    if (known?.built?.generation === generation) {
      // The same weights came from elsewhere; those on the device may be at work.
      encoder.dispose();
      return known.status;
    }
    this.#known.set(id, {
      status,
      source: source ?? { kind: 'kept', hash: weightsHash },
      checkpoint,
      built: { encoder, generation },
    });
    this.#events.emit({ type: 'encoder', encoder: status });
    return status;
  }

  /** Weights of a former device went with it; those on the present one are freed. */
  #clearDevice(generation: number): void {
    for (const known of this.#known.values()) {
      if (known.status.id === this.#atWork && known.built?.generation === generation) continue;
      if (known.built?.generation === generation) known.built.encoder.dispose();
      known.built = null;
    }
  }
}
