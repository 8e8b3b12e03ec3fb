import type { OpenStoreOptions } from './opfs.ts';
import type { RecordRef, RecordStore, Recovery, StoreChange, VerifyProgress } from './store.ts';

/** What is said between a store in a worker of its own and the worker that uses it: one port, so that order is kept. */

/** Calls that cross as they are. */
export type PlainCall = Exclude<
  keyof RecordStore,
  'writable' | 'recovery' | 'session' | 'subscribe' | 'stream' | 'verify'
>;

export type StoreCall =
  | {
      [Method in PlainCall]: { readonly method: Method; readonly args: Parameters<RecordStore[Method]> };
    }[PlainCall]
  | { readonly method: 'open'; readonly args: readonly [OpenStoreOptions] }
  | { readonly method: 'verify'; readonly args: readonly [string] }
  /** Begins a stream under the call's own number. */
  | { readonly method: 'stream'; readonly args: readonly [RecordRef] }
  /** The next piece of the stream of that number; null after the last, when the digest was right. */
  | { readonly method: 'nextPiece'; readonly args: readonly [number] }
  | { readonly method: 'endStream'; readonly args: readonly [number] };

export type StoreRequest = StoreCall & { readonly id: number };

export type StoreReply =
  | { readonly type: 'done'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly error: CrossingError }
  | { readonly type: 'progress'; readonly id: number; readonly progress: VerifyProgress }
  | { readonly type: 'change'; readonly change: StoreChange };

/** An error as it crosses: classes do not, names do. */
export type CrossingError = Pick<Error, 'name' | 'message' | 'stack'>;

/** What a store is from its opening on. */
export type OpenedStore = Pick<RecordStore, 'writable' | 'session'> & { readonly recovery: Recovery };
