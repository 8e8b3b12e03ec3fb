import { property } from 'lit/decorators.js';
import type { RunStatus } from '../../engine/training-protocol.ts';
import type { TrainingModel, TrainingState } from '../training-model.ts';
import { WiredView } from './wired-view.ts';

/** A view of training: beside the app's state it reads the runs. */
export abstract class TrainingView extends WiredView {
  @property({ attribute: false }) training!: TrainingModel;
  @property({ attribute: false }) state!: TrainingState;
}

/** A part of the page about one run. */
export abstract class RunPart extends TrainingView {
  @property({ attribute: false }) run!: RunStatus;
}
