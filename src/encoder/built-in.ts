import { PlaygroundError } from '../lib/errors.ts';
import { pageUrl } from '../lib/page-url.ts';
import type { Checkpoint } from './checkpoint/checkpoint.ts';
import type { CheckpointFile } from './checkpoint/file-bytes.ts';
import { openCheckpoint, openCheckpointSizes } from './checkpoint/open.ts';
import { seededCheckpoint } from './seeded-weights.ts';

/** The encoder that comes with the app. */
export interface BuiltInEncoder {
  readonly checkpoint: Checkpoint;
  /** False when no trained weights are served: the same architecture with weights from a fixed seed. */
  readonly trained: boolean;
}

/** The built-in encoder's files could not be fetched. */
export class BuiltInUnavailableError extends PlaygroundError {
  override readonly name: string = 'BuiltInUnavailableError';
}

const FOLDER = 'models/wavlm-nano/';
const UNTRAINED_SEED = 20211026;

/**
 * Opens `wavlm-nano` from the files beside the page.
 * @param baseUrl the page's address; found by itself in the page and in a module worker
 * @throws BuiltInUnavailableError when the server does not answer
 */
export async function openBuiltIn(baseUrl: string | URL = pageUrl()): Promise<BuiltInEncoder> {
  const folder = new URL(FOLDER, baseUrl);
  const [config, preprocessor, weights] = await Promise.all([
    fetchFile(folder, 'config.json'),
    fetchFile(folder, 'preprocessor_config.json'),
    fetchFile(folder, 'model.safetensors'),
  ]);
  if (config === null || preprocessor === null) {
    throw new BuiltInUnavailableError(
      'The built-in encoder’s config.json is missing beside the page. Build and serve the app again.',
    );
  }
  if (weights === null) {
    const sizes = await openCheckpointSizes(config, preprocessor);
    return { checkpoint: seededCheckpoint(sizes.config, sizes.doNormalize, UNTRAINED_SEED), trained: false };
  }
  return { checkpoint: await openCheckpoint([config, preprocessor, weights]), trained: true };
}

/** A file beside the page, or null where there is none (some servers answer with their start page instead of 404). */
async function fetchFile(folder: URL, name: string): Promise<CheckpointFile | null> {
  let response: Response;
  let blob: Blob;
  try {
    response = await fetch(new URL(name, folder));
    blob = await response.blob();
  } catch (cause) {
    throw new BuiltInUnavailableError(
      `The built-in encoder’s ${name} could not be fetched. Is the server that showed this page still running?`,
      { cause },
    );
  }
  if (response.status === 404 || response.headers.get('content-type')?.startsWith('text/html')) return null;
  if (!response.ok) {
    throw new BuiltInUnavailableError(
      `The built-in encoder’s ${name} could not be fetched: the server answered ${response.status}.`,
    );
  }
  return { path: name, blob };
}
