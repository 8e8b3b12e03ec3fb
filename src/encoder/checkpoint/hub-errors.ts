import { PlaygroundError } from '../../lib/errors.ts';

/** Text that cannot be a model's id or revision. */
export class InvalidModelIdError extends PlaygroundError {
  override readonly name: string = 'InvalidModelIdError';
}

/** No connection to the hub at all. */
export class HubUnreachableError extends PlaygroundError {
  override readonly name: string = 'HubUnreachableError';
}

/** The hub answered with an error of its own (busy, rate limit, maintenance). */
export class HubServerError extends PlaygroundError {
  override readonly name: string = 'HubServerError';
}

/** No public model with this id and revision. */
export class ModelNotFoundError extends PlaygroundError {
  override readonly name: string = 'ModelNotFoundError';
}

/** The model is there, but only for people who signed in and accepted its conditions. */
export class GatedModelError extends PlaygroundError {
  override readonly name: string = 'GatedModelError';
}

/** The repository lacks a file that an encoder needs. */
export class ModelFilesMissingError extends PlaygroundError {
  override readonly name: string = 'ModelFilesMissingError';
}

/** The connection was lost again and again; what arrived is kept. */
export class DownloadInterruptedError extends PlaygroundError {
  override readonly name: string = 'DownloadInterruptedError';
}

/** A complete file whose size or digest is not the announced one; it was deleted. */
export class DownloadCorruptError extends PlaygroundError {
  override readonly name: string = 'DownloadCorruptError';
}

/** The browser has no room for the model. */
export class ModelQuotaError extends PlaygroundError {
  override readonly name: string = 'ModelQuotaError';
}

/** A stored model is open elsewhere or its folder cannot be used. */
export class ModelStoreError extends PlaygroundError {
  override readonly name: string = 'ModelStoreError';
}
