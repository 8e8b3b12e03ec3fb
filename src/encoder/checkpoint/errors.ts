import { PlaygroundError } from '../../lib/errors.ts';

/** Base of everything that can be wrong with a checkpoint's files; never thrown itself. */
export class CheckpointError extends PlaygroundError {
  override readonly name: string = 'CheckpointError';
}

/** A needed file (config.json, preprocessor_config.json, weights) is not among those given, or is ambiguous. */
export class CheckpointFilesError extends CheckpointError {
  override readonly name: string = 'CheckpointFilesError';
}

/** The browser could not read the file's bytes: moved, changed or removed since it was picked. */
export class UnreadableCheckpointError extends CheckpointError {
  override readonly name: string = 'UnreadableCheckpointError';
}

/** The file ends before what it announces. */
export class TruncatedCheckpointError extends CheckpointError {
  override readonly name: string = 'TruncatedCheckpointError';
}

/** A Git LFS pointer: a clone without `git lfs pull`. */
export class GitLfsPointerError extends CheckpointError {
  override readonly name: string = 'GitLfsPointerError';
}

/** A web page saved under the name of a weights or config file. */
export class HtmlPageError extends CheckpointError {
  override readonly name: string = 'HtmlPageError';
}

/** Neither safetensors nor a torch file, by its first bytes. */
export class UnrecognisedWeightsError extends CheckpointError {
  override readonly name: string = 'UnrecognisedWeightsError';
}

/** The safetensors header is too large, not JSON, or says something it may not. */
export class SafetensorsHeaderError extends CheckpointError {
  override readonly name: string = 'SafetensorsHeaderError';
}

/** Tensor byte ranges overlap, leave gaps or leave the file. */
export class TensorOffsetsError extends CheckpointError {
  override readonly name: string = 'TensorOffsetsError';
}

/** A tensor's shape, strides or count of values do not fit the bytes that hold it. */
export class TensorSizeError extends CheckpointError {
  override readonly name: string = 'TensorSizeError';
}

/** A tensor's shape is not the one that config.json implies. */
export class TensorShapeError extends CheckpointError {
  override readonly name: string = 'TensorShapeError';
}

/** Tensors that the architecture needs are not in the file. */
export class MissingTensorError extends CheckpointError {
  override readonly name: string = 'MissingTensorError';
}

/** Two tensors with the same canonical name. */
export class DuplicateTensorError extends CheckpointError {
  override readonly name: string = 'DuplicateTensorError';
}

/** NaN or infinite weights. */
export class NonFiniteTensorError extends CheckpointError {
  override readonly name: string = 'NonFiniteTensorError';
}

/** A number type that weights cannot have here (integers, float8…). */
export class UnsupportedDtypeError extends CheckpointError {
  override readonly name: string = 'UnsupportedDtypeError';
}

/** Written by a big-endian machine. */
export class BigEndianError extends CheckpointError {
  override readonly name: string = 'BigEndianError';
}

/** The zip archive's directory or headers contradict themselves. */
export class MalformedZipError extends CheckpointError {
  override readonly name: string = 'MalformedZipError';
}

/** A zip entry is compressed or encrypted; torch stores entries plain. */
export class CompressedZipEntryError extends CheckpointError {
  override readonly name: string = 'CompressedZipEntryError';
}

/** The pickle names a function, class or opcode outside the allow-list. Nothing of it was run. */
export class UnsafePickleError extends CheckpointError {
  override readonly name: string = 'UnsafePickleError';
}

/** The pickle's bytes make no sense. */
export class MalformedPickleError extends CheckpointError {
  override readonly name: string = 'MalformedPickleError';
}

/** A checkpoint of another kind of model, or with a part that is not supported. */
export class UnsupportedCheckpointError extends CheckpointError {
  override readonly name: string = 'UnsupportedCheckpointError';
}

/** config.json or another JSON file of the checkpoint cannot be parsed. */
export class MalformedJsonError extends CheckpointError {
  override readonly name: string = 'MalformedJsonError';
}
