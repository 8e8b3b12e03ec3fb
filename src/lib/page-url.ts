/** The app's root: built workers live in `assets/`, unbuilt ones anywhere under a root that is served as `/`. */
export function pageUrl(): string {
  if (typeof document !== 'undefined') return document.baseURI;
  return new URL(import.meta.env.PROD ? '../' : '/', self.location.href).href;
}
