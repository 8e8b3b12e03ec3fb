import { css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { LabelCorrection } from '../../../engine/training-protocol.ts';
import { correctionWords } from '../../corrections.ts';
import { formatCounted, formatWhen } from '../../format.ts';
import { icons } from '../../icons.ts';
import { downloadFile } from '../../save-file.ts';
import { controls } from '../../styles/controls.ts';
import { TrainingView } from '../training-view.ts';

const mostShown = 500;

/** What was corrected in this dataset, the newest first, of earlier sessions too. */
@customElement('corrections-panel')
export class CorrectionsPanel extends TrainingView {
  /** Id of the dataset. */
  @property({ attribute: 'of' }) of = '';

  static override styles = [
    controls,
    css`
      ol {
        list-style: none;
        margin: 0;
        padding: 0;
        max-block-size: 18rem;
        overflow: auto;
      }
      li {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem 1rem;
        align-items: baseline;
        padding-block: 0.3rem;
        border-block-end: 1px solid var(--line);
        font-size: var(--text-s);
      }
      li > .path {
        flex: 1 1 14rem;
      }
    `,
  ];

  override render(): TemplateResult {
    const corrections = this.training.correctionsOf(this.of);
    const newest = corrections.toReversed();
    return html`<section class="panel stack" aria-labelledby="corrections">
      <h2 id="corrections">Corrections</h2>
      <p class="quiet small">
        ${formatCounted(corrections.length, 'correction')} over the labels of this dataset: the next run and
        the next export follow them, the files stay as they are.
      </p>
      <ol tabindex="0" aria-label="Corrections, newest first">
        ${newest.slice(0, mostShown).map((each) => this.#line(each))}
        ${newest.length > mostShown ? html`<li>… and ${newest.length - mostShown} more</li>` : ''}
      </ol>
      <div class="row">
        <button type="button" @click=${() => this.training.undoCorrection(this.of)}>
          Undo the last correction
        </button>
        <button type="button" @click=${this.#export}>${icons.download} Labels as CSV</button>
      </div>
    </section>`;
  }

  #line(correction: LabelCorrection): TemplateResult {
    const { path, at } = correction;
    return html`<li>
      <span class="mono path">${path}</span>
      <strong>${correctionWords(correction)}</strong>
      <span class="quiet">${at === null ? '' : formatWhen(at)}</span>
    </li>`;
  }

  #export = async (): Promise<void> => {
    const file = await this.training.run('Writing the labels…', (playground) =>
      playground.exportLabels(this.of),
    );
    if (file) downloadFile(file);
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'corrections-panel': CorrectionsPanel;
  }
}
