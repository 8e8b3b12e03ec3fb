import { PlaygroundError } from '../lib/errors.ts';
import { formatBytes } from '../lib/format-bytes.ts';

/** The disk or the browser's quota is full; nothing of the record in hand was kept, everything before it is safe. */
export class StorageFullError extends PlaygroundError {
  override readonly name: string = 'StorageFullError';

  /** @param neededBytes what was to be written; null where it was too little to be worth a figure */
  constructor(neededBytes: number | null, options?: ErrorOptions) {
    super(
      `There is no room left in this browser's storage${neededBytes === null ? '' : ` for ${formatBytes(neededBytes)} more`}. ` +
        'Everything committed so far is safe. Free disk space or remove an extraction you no longer need, then resume.',
      options,
    );
  }
}

/** Another tab is the writer. */
export class NotWriterError extends PlaygroundError {
  override readonly name: string = 'NotWriterError';

  constructor() {
    super(
      'Another tab of this app is open and does the writing; this tab can only watch. Close the other tab, then reload.',
    );
  }
}

/** This tab was the writer once, slept, and another tab took over. */
export class StaleWriterError extends PlaygroundError {
  override readonly name: string = 'StaleWriterError';

  constructor(options?: ErrorOptions) {
    super(
      'Another tab took over the writing while this one was asleep, so this write was refused. ' +
        'Nothing is lost: reload this tab to see the work done there.',
      options,
    );
  }
}

/** A payload whose bytes no longer match the digest it was committed with. */
export class DamagedRecordError extends PlaygroundError {
  override readonly name: string = 'DamagedRecordError';
  readonly job: string;
  readonly kind: string;
  readonly key: string;

  constructor(job: string, kind: string, key: string) {
    super(
      `The ${kind} “${key}” of ${job} is damaged on disk: its digest does not match. Verify and repair the job; only this one is redone.`,
    );
    this.job = job;
    this.kind = kind;
    this.key = key;
  }
}

/** A record that was listed once but has since been removed or replaced and compacted away. */
export class MissingRecordError extends PlaygroundError {
  override readonly name: string = 'MissingRecordError';

  constructor(job: string, kind: string, key: string) {
    super(
      `The ${kind} “${key}” of ${job} is no longer in the store: it was removed or replaced. Read the list again.`,
    );
  }
}

/** The browser offers no private file system, or refuses it. */
export class StorageUnavailableError extends PlaygroundError {
  override readonly name: string = 'StorageUnavailableError';
}
