/** The input that an event comes from. */
export function inputOf({ target }: Event): HTMLInputElement {
  if (target instanceof HTMLInputElement) return target;
  throw new TypeError('This listener belongs on an input.');
}

/** What the person typed or chose, of an input or a select. */
export function valueOf({ target }: Event): string {
  if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) return target.value;
  throw new TypeError('This listener belongs on an input or a select.');
}
