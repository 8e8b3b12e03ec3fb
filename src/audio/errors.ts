import { PlaygroundError } from '../lib/errors.ts';

/** A file has no samples at all: zero bytes, or a header with nothing behind it. */
export class EmptyAudioError extends PlaygroundError {
  override readonly name: string = 'EmptyAudioError';
}

/** A file ends before the length that its own header promises. */
export class TruncatedAudioError extends PlaygroundError {
  override readonly name: string = 'TruncatedAudioError';
}

/** The bytes are no audio format that is known here, whatever the file is called. */
export class NotAudioError extends PlaygroundError {
  override readonly name: string = 'NotAudioError';
}

/** Audio, but of a kind that cannot be decoded here. */
export class UnsupportedAudioError extends PlaygroundError {
  override readonly name: string = 'UnsupportedAudioError';
}

/** Audio that gives not even one encoder frame: under 400 samples at 16 kHz. */
export class TooShortAudioError extends PlaygroundError {
  override readonly name: string = 'TooShortAudioError';
}

/** Samples that are NaN or infinite. */
export class NonFiniteAudioError extends PlaygroundError {
  override readonly name: string = 'NonFiniteAudioError';
}

/** The container or the coded stream is damaged. */
export class DamagedAudioError extends PlaygroundError {
  override readonly name: string = 'DamagedAudioError';
}

/** The browser could not read the file's bytes (moved, deleted, or permission withdrawn). */
export class UnreadableFileError extends PlaygroundError {
  override readonly name: string = 'UnreadableFileError';
}

/** A decode worker died while it had a file in hand. */
export class DecodeWorkerError extends PlaygroundError {
  override readonly name: string = 'DecodeWorkerError';
}

/** The caller cancelled a preparation, or disposed of the pool. */
export class DecodeCancelledError extends PlaygroundError {
  override readonly name: string = 'DecodeCancelledError';
}

const classes = [
  EmptyAudioError,
  TruncatedAudioError,
  NotAudioError,
  UnsupportedAudioError,
  TooShortAudioError,
  NonFiniteAudioError,
  DamagedAudioError,
  UnreadableFileError,
  DecodeWorkerError,
  DecodeCancelledError,
];

/** An error as plain data, as it crosses from a worker. */
export interface ErrorRecord {
  readonly errorName: string;
  readonly reason: string;
}

/** What to tell of an error that came up while a file was in hand; unknown errors are named with the file. */
export function describeError(error: unknown, path: string): ErrorRecord {
  if (error instanceof PlaygroundError) return { errorName: error.name, reason: error.message };
  if (
    error instanceof DOMException &&
    (error.name === 'NotFoundError' || error.name === 'NotReadableError')
  ) {
    return {
      errorName: 'UnreadableFileError',
      reason: `“${path}” could not be read: it was moved, changed or deleted since the folder was opened. Drop the folder again.`,
    };
  }
  const detail = error instanceof Error ? error.message : String(error);
  return {
    errorName: 'DamagedAudioError',
    reason: `“${path}” could not be decoded (${detail}). It is probably damaged: convert or record it again.`,
  };
}

/** Turns a record back into an error of its class. */
export function reviveError(record: ErrorRecord): PlaygroundError {
  for (const AudioErrorClass of classes) {
    const error = new AudioErrorClass(record.reason);
    if (error.name === record.errorName) return error;
  }
  return new DamagedAudioError(record.reason);
}
