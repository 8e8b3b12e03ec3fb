import { proxy, wrap } from 'comlink';
import type { Remote } from 'comlink';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { cdp } from 'vitest/browser';
import type { FileProgress } from '../../src/encoder/checkpoint/download.ts';
import type { HubWorker } from './hub.worker.ts';

const hub = inject('hubUrl');

interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly range: string | null;
  readonly sentBytes: number;
}

let worker: Worker;
let store: Remote<HubWorker>;

function startWorker(): void {
  worker = new Worker(new URL('./hub.worker.ts', import.meta.url), { type: 'module' });
  store = wrap<HubWorker>(worker);
}

async function requests(model: string): Promise<SeenRequest[]> {
  const all = (await (await fetch(`${hub}/seen`)).json()) as SeenRequest[];
  return all.filter(({ path }) => path.includes(model));
}

async function error(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason as Error,
  );
}

/** Starts a download that the server leaves hanging in the middle, and waits until then. */
async function startHalf(target: Remote<HubWorker>, id: string): Promise<void> {
  await new Promise<void>((resolve) => {
    const onProgress = ({ file, receivedBytes }: FileProgress): void => {
      if (file === 'pytorch_model.bin' && receivedBytes > 10_000) resolve();
    };
    // It never ends: its worker is killed.
    void target.download(id, { hub }, proxy(onProgress)).catch(() => undefined);
  });
}

async function fixture(name: string): Promise<Blob> {
  return (await fetch(new URL(`../fixtures/checkpoints/${name}`, import.meta.url))).blob();
}

beforeEach(async () => {
  startWorker();
  for (const { key } of await store.listCachedModels()) await store.removeCachedModel(key);
});

afterEach(() => worker.terminate());

test('a model is fetched with progress, checked, and opened again without any request', async () => {
  const progress: number[] = [];
  const { model, paths } = await store.download(
    'test/plain',
    { hub },
    proxy(({ file, receivedBytes, totalBytes }: FileProgress) => {
      if (file === 'pytorch_model.bin') progress.push(receivedBytes / totalBytes);
    }),
  );
  expect(paths).toEqual([
    'test/plain/config.json',
    'test/plain/preprocessor_config.json',
    'test/plain/pytorch_model.bin',
  ]);
  expect(progress.at(-1)).toBe(1);
  expect(model).toMatchObject({ name: 'test/plain', revision: 'main', isComplete: true });
  const before = await requests('test/plain');
  expect(before.filter(({ method }) => method === 'OPTIONS')).toEqual([]);
  expect(before.some(({ path }) => path.includes('README'))).toBe(false);

  await store.download('test/plain', { hub });
  worker.terminate();
  startWorker();
  await store.download('test/plain', { hub });
  expect(await requests('test/plain')).toHaveLength(before.length);
});

test('a sharded model is fetched part by part', async () => {
  const { paths } = await store.download('test/sharded', { hub });
  expect(paths.filter((path) => path.endsWith('.safetensors'))).toHaveLength(2);
  const { hash } = await store.downloadedHash('test/sharded', { hub });
  expect(hash).toBe((await store.downloadedHash('test/plain', { hub })).hash);
});

test('a server without the API is asked by HEAD', async () => {
  const { model } = await store.download('static/mirror', { hub });
  expect(model.files.find(({ name }) => name === 'pytorch_model.bin')?.sha256).toMatch(/^[0-9a-f]{64}$/);
});

describe('what breaks goes on where it stopped', () => {
  const weightsPath = (model: string) => `cdn/${model}/pytorch_model.bin`;

  test('connections that are cut again and again', async () => {
    const { model } = await store.download('test/cut', { hub });
    const seen = await requests(weightsPath('test/cut'));
    expect(seen.map(({ method }) => method)).not.toContain('OPTIONS');
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.slice(1).every(({ range }) => /^bytes=\d+-$/.test(range ?? ''))).toBe(true);
    const size = model.files.find(({ name }) => name === 'pytorch_model.bin')?.sizeBytes ?? 0;
    expect(seen.reduce((sum, { sentBytes }) => sum + sentBytes, 0)).toBeLessThanOrEqual(size);
  });

  test('a worker that is killed in the middle', async () => {
    await startHalf(store, 'test/hangs');
    worker.terminate();
    startWorker();
    const [unfinished] = await store.listCachedModels();
    expect(unfinished).toMatchObject({ name: 'test/hangs', isComplete: false });

    await store.download('test/hangs', { hub });
    const seen = await requests(weightsPath('test/hangs'));
    expect(seen).toHaveLength(2);
    expect(seen[1]?.range).toMatch(/^bytes=\d{5}-$/);
    const config = await requests('test/hangs/resolve/0123456789abcdef0123456789abcdef01234567/config.json');
    expect(config).toHaveLength(1);
  });

  test('a server that knows no ranges sends the file again', async () => {
    await store.download('test/norange', { hub });
    expect(await requests(weightsPath('test/norange'))).toHaveLength(2);
  });

  test('a hub that is busy for a moment', async () => {
    await store.download('test/busy', { hub });
    expect(await requests(weightsPath('test/busy'))).toHaveLength(3);
  });

  test('a download that the person stops', async () => {
    expect(await error(store.abortAfterFirstBytes('test/large', { hub }))).toMatchObject({
      name: 'AbortError',
    });
    const [unfinished] = await store.listCachedModels();
    expect(unfinished?.storedBytes).toBeGreaterThan(1000);
    await store.download('test/large', { hub });
    expect((await requests(weightsPath('test/large'))).at(-1)?.range).toMatch(/^bytes=\d+-$/);
  });

  test('a branch that has moved in between: bytes with another digest are not gone on from', async () => {
    await startHalf(store, 'test/moves');
    worker.terminate();
    startWorker();
    await fetch(`${hub}/move?id=test/moves&commit=${'f'.repeat(40)}`);
    const { model } = await store.download('test/moves', { hub });
    expect(model.commit).toBe('f'.repeat(40));
    // The weights are the same in both commits, so they go on; the small files are fetched anew.
    expect((await requests(weightsPath('test/moves'))).at(-1)?.range).toMatch(/^bytes=\d{5}-$/);
    expect(await requests(`${'f'.repeat(40)}/config.json`)).toHaveLength(1);
  });
});

describe('two tabs', () => {
  let other: Worker;

  beforeEach(() => {
    other = worker;
    startWorker();
  });

  afterEach(() => other.terminate());

  test('that ask for the same model at once fetch it once', async () => {
    const first = wrap<HubWorker>(other);
    const [a, b] = await Promise.all([
      first.download('test/two-tabs', { hub }),
      store.download('test/two-tabs', { hub }),
    ]);
    expect(a.model.key).toBe(b.model.key);
    expect(await requests('cdn/test/two-tabs')).toHaveLength(1);
  });

  test('see a download of each other, and cannot pull it away', async () => {
    await startHalf(wrap<HubWorker>(other), 'test/busy-tab');
    const [model] = await store.listCachedModels();
    expect(model).toMatchObject({ name: 'test/busy-tab', isComplete: false });
    expect(await error(store.removeCachedModel(model?.key ?? ''))).toMatchObject({ name: 'ModelStoreError' });
    other.terminate();
    await store.download('test/busy-tab', { hub });
  });
});

describe('what cannot be had is said by name', () => {
  test.each([
    ['test/nothing-here', 'ModelNotFoundError', /no public model test\/nothing-here/],
    ['test/gated', 'GatedModelError', /accepted its conditions/],
    ['test/down', 'HubServerError', /answered 503/],
    ['test/bert', 'UnsupportedEncoderError', /bert/],
    ['test/no-preprocessor', 'ModelFilesMissingError', /preprocessor_config\.json/],
    ['test/tensorflow', 'ModelFilesMissingError', /model\.safetensors or pytorch_model\.bin/],
    ['test/corrupt', 'DownloadCorruptError', /SHA-256.*deleted/],
    ['test/toolong', 'DownloadCorruptError', /more than the announced/],
    ['../etc/passwd', 'InvalidModelIdError', /no model id/],
    ['https://huggingface.co/microsoft/wavlm-base', 'InvalidModelIdError', /no model id/],
  ])('%s', async (id, name, message) => {
    const reason = await error(store.download(id, { hub }));
    expect(reason).toMatchObject({ name });
    expect(reason.message).toMatch(message);
  });

  test('a model of another kind is refused before its weights are fetched', async () => {
    await error(store.download('test/bert', { hub }));
    expect(await requests('cdn/test/bert')).toEqual([]);
  });

  test('a damaged download leaves nothing that could be taken for good', async () => {
    await error(store.download('test/corrupt', { hub }));
    const [model] = await store.listCachedModels();
    expect(model?.isComplete).toBe(false);
    expect(model?.storedBytes).toBeLessThan(10_000);
  });

  test('no hub at all', async () => {
    const reason = await error(store.download('test/plain', { hub: 'http://127.0.0.1:9' }));
    expect(reason).toMatchObject({ name: 'HubUnreachableError' });
    expect(reason.message).toMatch(/internet connection/);
  });

  test('a full disk pauses the download; with room again it goes on', async () => {
    const { usage = 0 } = await navigator.storage.estimate();
    const quota = (quotaSize?: number) =>
      cdp().send('Storage.overrideQuotaForOrigin', {
        origin: location.origin,
        ...(quotaSize && { quotaSize }),
      });
    await quota(usage + 8 * 1024 * 1024);
    try {
      const reason = await error(store.download('test/large', { hub }));
      expect(reason).toMatchObject({ name: 'ModelQuotaError' });
      expect(reason.message).toMatch(/no room left for pytorch_model\.bin.*kept/);
    } finally {
      await quota();
    }
    const { model } = await store.download('test/large', { hub });
    expect(model.isComplete).toBe(true);
  });
});

describe('an encoder is found again by the hash of its weights', () => {
  test('a dropped folder is kept, only what belongs to the checkpoint', async () => {
    const files = [
      { path: 'my model/config.json', blob: await fixture('config.json') },
      { path: 'my model/preprocessor_config.json', blob: await fixture('preprocessor_config.json') },
      { path: 'my model/pytorch_model.bin', blob: await fixture('zip.bin') },
      { path: 'my model/optimizer.pt', blob: new Blob(['x']) },
    ];
    const hash = await store.hashOf(files);
    expect(await store.openKept(hash)).toBeNull();
    await store.keepCheckpoint('my model', files, hash);
    await store.keepCheckpoint('my model again', files, hash);
    worker.terminate();
    startWorker();
    const kept = await store.openKept(hash);
    expect(kept).toMatchObject({ name: 'my model', hash });
    expect(kept?.paths).toHaveLength(3);
    expect(await store.listCachedModels()).toHaveLength(1);
  });

  test('an original .pt is kept', async () => {
    const files = [{ path: 'WavLM.pt', blob: await fixture('unilm.pt') }];
    const hash = await store.hashOf(files);
    await store.keepCheckpoint('WavLM.pt', files, hash);
    expect(await store.openKept(hash)).toMatchObject({ hash });
  });

  test('a hub model is found too, and not kept twice', async () => {
    const { key, hash } = await store.downloadedHash('test/kept', { hub });
    expect(await store.openKept(hash)).toBeNull();
    await store.recordWeightsHash(key, hash);
    expect(await store.openKept(hash)).toMatchObject({ name: 'test/kept', hash });
    await store.removeCachedModel(key);
    expect(await store.openKept(hash)).toBeNull();
  });
});
