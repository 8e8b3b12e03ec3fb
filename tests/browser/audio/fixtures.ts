const urls = import.meta.glob<string>('../../fixtures/audio/*', {
  query: '?url',
  import: 'default',
  eager: true,
});

/** A committed sound file as the browser would have it from a dropped folder. */
export async function fixture(name: string): Promise<Blob> {
  const url = urls[`../../fixtures/audio/${name}`];
  if (url === undefined) throw new Error(`no fixture ${name}`);
  return (await fetch(url)).blob();
}
