import { property } from 'lit/decorators.js';
import type { JobStatus } from '../../../engine/protocol.ts';
import { WiredView } from '../wired-view.ts';

/** A part of the page about one extraction. */
export abstract class JobPart extends WiredView {
  @property({ attribute: false }) job!: JobStatus;

  /** Asks the shell to go on with it: the folder may have to be opened again first. */
  protected askToResume({ id }: JobStatus): void {
    this.dispatchEvent(new CustomEvent('resume-job', { detail: id, bubbles: true, composed: true }));
  }

  /** Marks damaged shards and has them computed again. */
  protected async repair(): Promise<void> {
    const marked = await this.model.run('Repairing…', () => this.model.playground.repair(this.job.id));
    if (!marked) return;
    this.model.receiveJob(marked);
    // Repair marks what is to be redone; resuming does it.
    if (marked.state !== 'running') this.askToResume(marked);
  }
}

export const damagedShards = ({ shards }: JobStatus): number =>
  shards.filter(({ state }) => state === 'damaged' || state === 'failed').length;
