import * as v from 'valibot';
import { PlaygroundError } from '../lib/errors.ts';
import type { FoundFile, Intake } from './found-file.ts';

/** The bundled demo could not be loaded. */
export class DemoLoadError extends PlaygroundError {
  override readonly name: string = 'DemoLoadError';
}

const IndexSchema = v.object({
  name: v.string(),
  clips: v.array(
    v.object({ path: v.string(), label: v.string(), speaker: v.string(), sizeBytes: v.number() }),
  ),
});

/**
 * The bundled demo — ten words spoken by twelve synthetic voices — as if its folder had been dropped: WAV files
 * `word/voice.wav` and a `labels.csv`.
 * @param baseUrl Where the app is served, e.g. `document.baseURI`; nothing else is asked.
 * @throws {DemoLoadError} when a file is missing or does not have the size that the index says.
 */
export async function openDemo(baseUrl: string): Promise<Intake> {
  const [index, pack] = await Promise.all([
    load(new URL('demo/index.json', baseUrl), async (response) =>
      v.parse(IndexSchema, await response.json()),
    ),
    load(new URL('demo/clips.bin', baseUrl), (response) => response.arrayBuffer()),
  ]);
  let offset = 0;
  const audio = index.clips.map(({ path, sizeBytes }): FoundFile => {
    const bytes = pack.slice(offset, offset + sizeBytes);
    offset += sizeBytes;
    const name = path.slice(path.lastIndexOf('/') + 1);
    return { path, file: new File([bytes], name, { type: 'audio/wav', lastModified: 0 }), sizeBytes };
  });
  if (offset !== pack.byteLength)
    throw new DemoLoadError('The demo recordings arrived damaged. Reload the page to fetch them again.');
  const lines = index.clips.map(({ path, label, speaker }) => `${path},${label},${speaker}`);
  const csv = new File([`path,label,speaker\n${lines.join('\n')}\n`], 'labels.csv', { lastModified: 0 });
  return {
    name: index.name,
    audio: audio.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    tables: [{ path: 'labels.csv', file: csv, sizeBytes: csv.size }],
    rejects: [],
    ignored: 0,
    directory: null,
  };
}

async function load<T>(url: URL, read: (response: Response) => Promise<T>): Promise<T> {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`.trim());
    return await read(response);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DemoLoadError(
      `The demo could not be loaded from ${url.pathname} (${why}). Reload the page and try again.`,
      {
        cause: error,
      },
    );
  }
}
