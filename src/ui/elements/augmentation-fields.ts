import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { AugmentationSettings } from '../../audio/augmentation.ts';
import { augmentationFields, type AugmentationField } from '../extraction-draft.ts';
import { controls } from '../styles/controls.ts';
import { inputOf } from '../event-target.ts';

/**
 * How many changed versions of each clip, changed how, within which ranges.
 * @fires augmentations - `CustomEvent<AugmentationSettings>` with the new settings
 */
@customElement('augmentation-fields')
export class AugmentationFields extends LitElement {
  @property({ attribute: false }) value: AugmentationSettings = { versions: 0, seed: 1 };

  static override styles = [
    controls,
    css`
      .effects {
        display: grid;
        gap: 0.25rem;
        margin-block-start: 0.75rem;
      }
      .effect {
        display: grid;
        grid-template-columns: 7.5rem 16.5rem minmax(0, 1fr);
        gap: 0.25rem 1rem;
        align-items: center;
        padding-block: 0.35rem;
        border-block-end: 1px solid var(--line);
      }
      .range {
        display: flex;
        gap: 0.4rem;
        align-items: center;
      }
      .range input {
        inline-size: 5.25rem;
      }
      @media (max-width: 44rem) {
        .effect {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  override render(): TemplateResult {
    const { versions, seed } = this.value;
    const number = (event: Event): number => inputOf(event).valueAsNumber;
    return html`
      <div class="row">
        <label class="field"
          >Changed versions per clip
          <input
            type="number"
            min="0"
            max="100"
            step="1"
            .valueAsNumber=${versions}
            @change=${(event: Event) => this.#change({ versions: number(event) })}
          />
        </label>
        <label class="field"
          >Seed
          <input
            type="number"
            min="0"
            step="1"
            .valueAsNumber=${seed}
            @change=${(event: Event) => this.#change({ seed: number(event) })}
          />
        </label>
      </div>
      <div class="effects">${augmentationFields.map((field) => this.#effect(field))}</div>
    `;
  }

  #effect(field: AugmentationField): TemplateResult {
    const { kind, title, unit, step, initial, limits, help } = field;
    const range = this.value[kind];
    const end = (side: 'min' | 'max', name: string): TemplateResult =>
      html`<input
        type="number"
        aria-label="${title}: ${name}, ${unit}"
        min=${limits.min}
        max=${limits.max}
        step=${step}
        .valueAsNumber=${(range ?? initial)[side]}
        ?disabled=${!range}
        @change=${(event: Event) =>
          this.#change({
            [kind]: { ...(range ?? initial), [side]: inputOf(event).valueAsNumber },
          })}
      />`;
    return html`<div class="effect">
      <label class="check">
        <input
          type="checkbox"
          .checked=${range !== undefined}
          @change=${(event: Event) => this.#toggle(field, inputOf(event).checked)}
        />
        ${title}
      </label>
      <div class="range">
        ${end('min', 'from')} <span>to</span> ${end('max', 'up to')} <span class="small">${unit}</span>
      </div>
      <span class="small quiet">${help}</span>
    </div>`;
  }

  #toggle({ kind, initial }: AugmentationField, isOn: boolean): void {
    const { [kind]: _dropped, ...rest } = this.value;
    const next: AugmentationSettings = isOn ? { ...rest, [kind]: initial } : rest;
    // A first effect asks for at least one version to apply it to.
    this.#emit(isOn && next.versions === 0 ? { ...next, versions: 1 } : next);
  }

  #change(change: Partial<AugmentationSettings>): void {
    this.#emit({ ...this.value, ...change });
  }

  #emit(value: AugmentationSettings): void {
    this.dispatchEvent(new CustomEvent('augmentations', { detail: value }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'augmentation-fields': AugmentationFields;
  }
}
