/** Whoever holds this may write. */
export interface WriterLock {
  /** True once another tab took over. A frozen tab learns of it only when it wakes. */
  readonly isLost: boolean;
  /** True when it was taken from a tab that may still be alive. */
  readonly tookOver: boolean;
  release(): void;
}

export interface LockOptions {
  /** How long to wait for a holder that is just going away (a reload). */
  readonly waitMs: number;
  /** Takes the lock from a tab that still holds it, e.g. a frozen one. */
  readonly takeOver?: boolean;
}

/** The exclusive Web Lock of that name, or null when another tab goes on holding it. */
export async function acquireWriterLock(name: string, options: LockOptions): Promise<WriterLock | null> {
  if (options.takeOver) return hold(name, { steal: true });
  const atOnce = await hold(name, { ifAvailable: true });
  if (atOnce || options.waitMs === 0) return atOnce;
  return hold(name, { signal: AbortSignal.timeout(options.waitMs) });
}

/** Resolves when no tab holds the lock any more (it may be taken again at once by another). */
export async function whenLockIsFree(name: string, signal?: AbortSignal): Promise<void> {
  await navigator.locks.request(name, signal ? { signal } : {}, () => undefined);
}

function hold(name: string, options: LockOptionsOfBrowser): Promise<WriterLock | null> {
  return new Promise((resolve, reject) => {
    let isLost = false;
    let isHeld = false;
    let release = (): void => undefined;
    navigator.locks
      .request(name, { mode: 'exclusive', ...options }, (lock) => {
        if (!lock) {
          resolve(null);
          return undefined;
        }
        isHeld = true;
        return new Promise<void>((end) => {
          release = end;
          resolve({
            get isLost() {
              return isLost;
            },
            tookOver: options.steal === true,
            release: () => release(),
          });
        });
      })
      .catch((error: unknown) => {
        // Held and then rejected: stolen. Not held: the wait ended.
        isLost = true;
        if (isHeld) return;
        const isTimeout =
          error instanceof DOMException && (error.name === 'TimeoutError' || error.name === 'AbortError');
        if (isTimeout) resolve(null);
        else reject(error instanceof Error ? error : new Error(String(error)));
      });
  });
}

type LockOptionsOfBrowser = Pick<globalThis.LockOptions, 'ifAvailable' | 'steal' | 'signal'>;
