import { PlaygroundError } from '../lib/errors.ts';

/** The device cannot hold what was asked for: a smaller batch may do. */
export class OutOfMemoryError extends PlaygroundError {
  override readonly name: string = 'OutOfMemoryError';
}

/** The GPU went away (driver reset, sleep, another program); it has to be opened again. */
export class DeviceLostError extends PlaygroundError {
  override readonly name: string = 'DeviceLostError';
}

/** The GPU refused a command. Everything of the same batch is void, and reads as zeros. */
export class GpuValidationError extends PlaygroundError {
  override readonly name: string = 'GpuValidationError';
}

/** The device was asked for and is not there. */
export class DeviceUnavailableError extends PlaygroundError {
  override readonly name: string = 'DeviceUnavailableError';
}

/** The device computes wrong numbers. */
export class SelfTestError extends PlaygroundError {
  override readonly name: string = 'SelfTestError';
}

const memoryWords =
  /out of memory|allocation failed|memory access out of bounds|createBuffer failed|Aborted\(OOM|cannot enlarge memory|Cannot grow/i;
const lossWords =
  /device (is|was) lost|lost device|external Instance reference|AbortError|Device is destroyed/i;

/**
 * Gives what a kernel threw a name that callers can act on; anything else comes back unchanged.
 * @param deviceIsLost a failed allocation on a lost device is loss, not lack of memory
 */
export function namedDeviceError(error: unknown, deviceIsLost: boolean): unknown {
  if (error instanceof PlaygroundError) return error;
  const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (deviceIsLost || lossWords.test(words))
    return new DeviceLostError(`The GPU went away while computing (${words}). It is opened again.`, {
      cause: error,
    });
  if (memoryWords.test(words))
    return new OutOfMemoryError(
      `The device has too little memory for this batch (${words}). A smaller batch is tried.`,
      { cause: error },
    );
  return error;
}
