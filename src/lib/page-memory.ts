/*
 * Small notes of the page in localStorage. A browser that blocks site data throws on every access; the page works
 * without its notes, and what cannot work without storage says so itself.
 */

export function recallNote(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch (error) {
    return ignoreBlocked(error);
  }
}

/** Null takes the note out. */
export function keepNote(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch (error) {
    ignoreBlocked(error);
  }
}

function ignoreBlocked(error: unknown): null {
  if (error instanceof DOMException) return null;
  throw error;
}
