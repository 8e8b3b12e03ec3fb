import { html, type TemplateResult } from 'lit';
import { inputOf } from '../event-target.ts';

export interface NumberField {
  readonly label: string;
  /** Null shows the placeholder. */
  readonly value: number | null;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number | 'any';
  readonly placeholder?: string;
  readonly disabled?: boolean;
  /** Null when the field was emptied. */
  readonly change: (value: number | null) => void;
}

/** A labelled number; what is no number is told as null. */
export const numberField = ({
  label,
  value,
  min,
  max,
  step,
  placeholder,
  disabled,
  change,
}: NumberField): TemplateResult =>
  html`<label class="field"
    >${label}
    <input
      type="number"
      min=${min ?? ''}
      max=${max ?? ''}
      step=${step ?? 'any'}
      placeholder=${placeholder ?? ''}
      ?disabled=${disabled ?? false}
      .value=${value === null ? '' : String(value)}
      @change=${(event: Event) => {
        const typed = inputOf(event).valueAsNumber;
        change(Number.isNaN(typed) ? null : typed);
      }}
    />
  </label>`;
