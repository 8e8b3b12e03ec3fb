import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';

/**
 * A hub on this machine that speaks Hugging Face's paths: an API with sizes and digests, redirects to a content network
 * of another origin, CORS headers as there (only those), ranges. Each model misbehaves in its own way.
 */

declare module 'vitest' {
  interface ProvidedContext {
    readonly hubUrl: string;
  }
}

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const EXPOSED_BY_HUB =
  'X-Repo-Commit,X-Error-Code,X-Error-Message,ETag,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag';
const EXPOSED_BY_CDN = 'Accept-Ranges, Content-Range, Content-Type, Content-Disposition, ETag';

type Files = ReadonlyMap<string, Buffer>;

interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly range: string | null;
  sentBytes: number;
}

const isLarge = (name: string): boolean => /\.(?:bin|safetensors)$/.test(name);
const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

/** Gives the tests that run in the browser the address of a hub. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const hub = await startHub();
  project.provide('hubUrl', hub.url);
  return () => hub.close();
}

/** Starts the hub on a free port; `url/seen` tells what was asked of it. */
export async function startHub(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const models = await makeModels();
  const seen: SeenRequest[] = [];
  const state = { commits: new Map<string, string>() };

  const cdn = await listen((request, response) => {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-expose-headers', EXPOSED_BY_CDN);
    const url = new URL(request.url ?? '/', 'http://cdn');
    const entry = note(seen, request, `cdn${url.pathname}`);
    const [, owner, model, name = ''] = url.pathname.split('/');
    const id = `${owner}/${model}`;
    const data = models.get(id)?.get(decodeURIComponent(name));
    if (request.method !== 'GET' || data === undefined) return end(response, 403);
    serve(id, data, response, entry, seen);
  });

  const hub = await listen((request, response) => {
    response.setHeader('access-control-allow-origin', request.headers.origin ?? '*');
    response.setHeader('access-control-expose-headers', EXPOSED_BY_HUB);
    const url = new URL(request.url ?? '/', 'http://hub');
    if (url.pathname === '/seen') return end(response, 200, JSON.stringify(seen));
    if (url.pathname === '/move') {
      state.commits.set(url.searchParams.get('id') ?? '', url.searchParams.get('commit') ?? '');
      return end(response, 200);
    }
    const entry = note(seen, request, url.pathname);
    const api = /^\/api\/models\/(.+)\/revision\/([^/]+)$/.exec(url.pathname);
    if (api !== null) return answerApi(api[1] ?? '', models, state.commits, response);
    const resolve = /^\/(.+)\/resolve\/([^/]+)\/([^/]+)$/.exec(url.pathname);
    if (resolve === null) return end(response, 404);
    const [, id = '', , name = ''] = resolve;
    const data = models.get(id)?.get(name);
    if (id === 'test/gated' && isLarge(name)) {
      response.setHeader('x-error-code', 'GatedRepo');
      return end(response, 401);
    }
    if (data === undefined) return end(response, 404);
    response.setHeader('x-repo-commit', COMMIT);
    if (id === 'static/mirror') {
      response.setHeader('x-linked-size', data.length);
      if (isLarge(name)) response.setHeader('x-linked-etag', `"${sha256(data)}"`);
      if (request.method === 'HEAD') return end(response, 200);
      return serve(id, data, response, entry, seen);
    }
    if (!isLarge(name)) return serve(id, data, response, entry, seen);
    response.setHeader('location', `${address(cdn)}/${id}/${name}?Signature=x`);
    return end(response, 302);
  });

  return {
    url: address(hub),
    close: async () => {
      for (const server of [hub, cdn]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

async function makeModels(): Promise<ReadonlyMap<string, Files>> {
  const fixture = (name: string): Promise<Buffer> =>
    readFile(new URL(`../fixtures/checkpoints/${name}`, import.meta.url));
  const json: [string, Buffer][] = [
    ['config.json', await fixture('config.json')],
    ['preprocessor_config.json', await fixture('preprocessor_config.json')],
  ];
  const torch: Files = new Map([
    ...json,
    ['README.md', Buffer.from('hello')],
    ['pytorch_model.bin', await fixture('zip.bin')],
  ]);
  const index = 'model.safetensors.index.json';
  const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  const sharded = new Map(json);
  for (const name of [index, ...shards]) sharded.set(name, await fixture(`sharded/${name}`));
  const large = Buffer.alloc(24 * 1024 * 1024, 'weights ');
  return new Map<string, Files>([
    ...[
      'plain',
      'cut',
      'hangs',
      'busy-tab',
      'two-tabs',
      'norange',
      'corrupt',
      'toolong',
      'busy',
      'down',
      'gated',
      'moves',
      'kept',
    ].map((name): [string, Files] => [`test/${name}`, torch]),
    ['test/sharded', sharded],
    ['test/large', new Map([...json, ['pytorch_model.bin', large]])],
    ['test/bert', new Map([...torch, ['config.json', Buffer.from('{"model_type":"bert"}')]])],
    ['test/no-preprocessor', new Map([...torch].filter(([name]) => !name.startsWith('prep')))],
    ['test/tensorflow', new Map([...json, ['tf_model.h5', Buffer.from('x')]])],
    ['static/mirror', torch],
  ]);
}

function answerApi(
  id: string,
  models: ReadonlyMap<string, Files>,
  commits: ReadonlyMap<string, string>,
  response: ServerResponse,
): void {
  const files = models.get(id);
  if (id === 'static/mirror') return end(response, 404);
  if (files === undefined) return end(response, 401, '{"error":"Invalid username or password."}');
  if (id === 'test/down') return end(response, 503);
  const siblings = [...files].map(([rfilename, data]) => ({
    rfilename,
    size: data.length,
    blobId: createHash('sha1').update(`blob ${data.length}\0`).update(data).digest('hex'),
    ...(isLarge(rfilename) && { lfs: { sha256: sha256(data), size: data.length, pointerSize: 130 } }),
  }));
  end(
    response,
    200,
    JSON.stringify({ id, sha: commits.get(id) ?? COMMIT, gated: id === 'test/gated', siblings }),
  );
}

function serve(
  id: string,
  data: Buffer,
  response: ServerResponse,
  entry: SeenRequest,
  seen: readonly SeenRequest[],
): void {
  const isWeights = data.length > 10_000;
  const earlier = seen.filter(({ path }) => path === entry.path).length - 1;
  if (id === 'test/busy' && isWeights && earlier < 2) return end(response, 503);
  const start = id === 'test/norange' ? 0 : Number(/^bytes=(\d+)-$/.exec(entry.range ?? '')?.[1] ?? 0);
  let body = data.subarray(start);
  if (isWeights && id === 'test/corrupt') body = Buffer.from(body).fill(7, 100, 101);
  if (isWeights && id === 'test/toolong') body = Buffer.concat([body, body]);
  response.setHeader('accept-ranges', 'bytes');
  response.setHeader('content-length', body.length);
  if (start > 0) response.setHeader('content-range', `bytes ${start}-${data.length - 1}/${data.length}`);
  response.writeHead(start > 0 ? 206 : 200);
  const isFirst = earlier === 0;
  if (isWeights && (id === 'test/cut' || (id === 'test/norange' && isFirst))) {
    // A third of the file, then the connection breaks.
    body = body.subarray(0, Math.ceil(data.length / 3));
    entry.sentBytes += body.length;
    response.write(body, () => setTimeout(() => response.destroy(), 20));
    return;
  }
  if (isWeights && ['test/hangs', 'test/moves', 'test/busy-tab'].includes(id) && isFirst) {
    // Half of the file, the first bytes of it a little earlier, then silence until the other side goes away.
    body = body.subarray(0, Math.ceil(data.length / 2));
    entry.sentBytes += body.length;
    response.write(body.subarray(0, 1000));
    setTimeout(() => response.write(body.subarray(1000)), 20);
    return;
  }
  entry.sentBytes += body.length;
  response.end(body);
}

function note(seen: SeenRequest[], request: IncomingMessage, path: string): SeenRequest {
  const entry = { method: request.method ?? '', path, range: request.headers.range ?? null, sentBytes: 0 };
  seen.push(entry);
  return entry;
}

function end(response: ServerResponse, status: number, body = ''): void {
  response.writeHead(status).end(body);
}

async function listen(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function address(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
