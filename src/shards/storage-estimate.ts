import { formatBytes } from '../lib/format-bytes.ts';

/** What the browser says about this origin's storage. */
export interface StorageEstimate {
  readonly usedBytes: number;
  /**
   * Bytes the browser says it would still give. Chrome's figure is made up (never more than 10 GB beyond what is used,
   * whatever the disk holds), so it can warn, but only a failed write proves that the disk is full.
   */
  readonly freeBytes: number;
  /** True when the browser promised not to clear it under pressure. */
  readonly isPersisted: boolean;
}

export async function estimateStorage(): Promise<StorageEstimate> {
  const [{ usage = 0, quota = 0 }, isPersisted] = await Promise.all([
    navigator.storage.estimate(),
    navigator.storage.persisted(),
  ]);
  return { usedBytes: usage, freeBytes: Math.max(0, quota - usage), isPersisted };
}

/**
 * Asks that the browser keep this origin's data even when the disk runs low. Chrome decides without a question. Only a
 * page can ask: a worker has no `persist`. Gives whether it is granted.
 */
export async function requestPersistence(): Promise<boolean> {
  if (await navigator.storage.persisted()) return true;
  return 'persist' in navigator.storage ? navigator.storage.persist() : false;
}

/** Share of the free space that is left alone: indexes, and the browser's own need. */
const RESERVED_SHARE = 0.05;

/**
 * Whether `neededBytes` more will fit, as a sentence to show before starting; null when there is room enough. It is
 * advice: the person may go on.
 */
export function shortageOf(neededBytes: number, { freeBytes }: StorageEstimate): string | null {
  const usableBytes = freeBytes * (1 - RESERVED_SHARE);
  if (neededBytes <= usableBytes) return null;
  return (
    `This needs about ${formatBytes(neededBytes)}, but the browser offers ${formatBytes(usableBytes)}. ` +
    'Free disk space, remove extractions you no longer need, or keep fewer layers; it can also be started and will pause when storage is full, with everything up to there safe.'
  );
}
