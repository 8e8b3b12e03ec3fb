import { PlaygroundError } from '../lib/errors.ts';

/** The examples cannot be trained on; the message names the class, label or speaker that is to blame. */
export class TrainingDataError extends PlaygroundError {
  override readonly name: string = 'TrainingDataError';
}

/** A setting, or a combination of settings, that makes no sense. */
export class TrainingConfigError extends PlaygroundError {
  override readonly name: string = 'TrainingConfigError';
}

/** The loss became NaN or infinite; the state before it is kept. */
export class NonFiniteLossError extends PlaygroundError {
  override readonly name: string = 'NonFiniteLossError';
  readonly epoch: number;
  readonly step: number;
  readonly batch: number;

  constructor(loss: number, epoch: number, step: number, batch: number, kept: string) {
    super(
      `The loss became ${loss} at step ${step} (epoch ${epoch + 1}, batch ${batch + 1}), so training stopped; ${kept}. ` +
        `Lower the learning rate or clip the gradients, and look for broken rows in the embeddings.`,
    );
    this.epoch = epoch;
    this.step = step;
    this.batch = batch;
  }
}

/** A checkpoint file that cannot be read, or whose content does not fit together. */
export class CheckpointError extends PlaygroundError {
  override readonly name: string = 'CheckpointError';
}

/** Changed settings with which a run cannot be continued. */
export class ResumeRefusedError extends PlaygroundError {
  override readonly name: string = 'ResumeRefusedError';
}
