import { PlaygroundError } from '../lib/errors.ts';

/** An id that names nothing known. */
export class UnknownIdError extends PlaygroundError {
  override readonly name: string = 'UnknownIdError';
  constructor(
    what:
      | 'dataset'
      | 'encoder'
      | 'extraction'
      | 'shard'
      | 'run'
      | 'checkpoint'
      | 'cross-validation'
      | 'embeddings file'
      | 'clip',
    id: string,
  ) {
    super(`There is no ${what} “${id}”. List what is there and use one of its ids.`);
  }
}

/** The clips' files are not at hand, as after reopening the page. */
export class FilesNeededError extends PlaygroundError {
  override readonly name: string = 'FilesNeededError';
  constructor(datasetName: string) {
    super(
      `The audio files of “${datasetName}” are not at hand. Open or drop the same folder again to go on.`,
    );
  }
}

/** The encoder that an extraction was made with cannot be found any more. */
export class EncoderNeededError extends PlaygroundError {
  override readonly name: string = 'EncoderNeededError';
  constructor(encoderName: string) {
    super(
      `The encoder “${encoderName}” of this extraction is not at hand. Load the same checkpoint again to go on.`,
    );
  }
}

/** Options that make no sense together, told before anything runs. */
export class InvalidRequestError extends PlaygroundError {
  override readonly name: string = 'InvalidRequestError';
}

/** A cross-validation that was waited for was paused. */
export class CrossValidationPausedError extends PlaygroundError {
  override readonly name: string = 'CrossValidationPausedError';
  constructor(done: number, folds: number) {
    super(
      `This cross-validation was paused with ${done} of ${folds} folds done; resume it to have its result.`,
    );
  }
}

/** The disk has less room than the extraction is expected to need. */
export class NotEnoughSpaceError extends PlaygroundError {
  override readonly name: string = 'NotEnoughSpaceError';
}

/** Several files in a row could not be read: the folder is gone, not one clip. */
export class FolderGoneError extends PlaygroundError {
  override readonly name: string = 'FolderGoneError';
  constructor(path: string) {
    super(
      `Several files in a row could not be read, the last one “${path}”. The folder may have been moved or unplugged: ` +
        'make it available, open it again and resume.',
    );
  }
}

/** Name and sentence of anything thrown, for status lines. */
export function errorInWords(error: unknown): { errorName: string; reason: string } {
  if (error instanceof Error) return { errorName: error.name, reason: error.message };
  return { errorName: 'Error', reason: String(error) };
}

/** A worker's script could not be loaded: the server is gone, or has a newer version of the app by now. */
export class WorkerStartError extends PlaygroundError {
  override readonly name: string = 'WorkerStartError';

  /** @param part what the worker does, as the subject of a sentence */
  constructor(part: string, detail: string) {
    super(
      `${part} could not be started (${detail || 'its file did not load'}). Reload the page: there may be a newer version of the app. Everything committed is safe.`,
    );
  }
}
