import * as v from 'valibot';
import {
  GatedModelError,
  HubServerError,
  HubUnreachableError,
  InvalidModelIdError,
  ModelNotFoundError,
} from './hub-errors.ts';

/** A model on a hub that speaks Hugging Face's paths. */
export interface HubModel {
  /** Origin of the hub, without a slash at the end. */
  readonly hub: string;
  /** `owner/name`, or `name` alone for the oldest models. */
  readonly id: string;
  readonly revision: string;
}

/** What the hub says of a file; digests are null where it gives none. */
export interface HubFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** SHA-256 of the content, known of large files. */
  readonly sha256: string | null;
  /** Git's SHA-1 of `blob SIZE\0` and the content, known of small files. */
  readonly gitBlobId: string | null;
}

export interface HubListing {
  /** Commit that the revision points at; files of a commit never change. */
  readonly commit: string;
  readonly files: ReadonlyMap<string, HubFile>;
}

const digest256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const digest160 = v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/));

const infoSchema = v.object({
  sha: digest160,
  siblings: v.array(
    v.object({
      rfilename: v.string(),
      size: v.optional(v.number()),
      blobId: v.optional(digest160),
      lfs: v.nullish(v.object({ sha256: digest256, size: v.number() })),
    }),
  ),
});

/** Files to look for on a server that has no API. */
const candidates = [
  'config.json',
  'preprocessor_config.json',
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
] as const;

/** @throws InvalidModelIdError */
export function hubModel(id: string, hub: string, revision: string): HubModel {
  const name = id.trim();
  if (!/^[\w.-]{1,96}(?:\/[\w.-]{1,96})?$/.test(name) || /(?:^|\/)\.{1,2}(?:\/|$)/.test(name)) {
    throw new InvalidModelIdError(`“${id}” is no model id; one looks like microsoft/wavlm-base-plus.`);
  }
  if (!/^[\w./-]{1,200}$/.test(revision)) {
    throw new InvalidModelIdError(`“${revision}” is no revision; give a branch, a tag or a commit.`);
  }
  return { id: name, hub: hub.replace(/\/+$/, ''), revision };
}

/** Address of a file's content; the hub redirects it to where the bytes are. */
export function fileUrl(model: HubModel, revision: string, name: string): string {
  return `${model.hub}/${model.id}/resolve/${encodeURIComponent(revision)}/${encodeURIComponent(name)}`;
}

/**
 * Lists a model's files with sizes and digests in one request. The API is asked and not the files' own headers,
 * because a browser follows the redirect to the content network and never sees the hub's `x-linked-etag` before it.
 * A server without the API is asked by HEAD, file by file.
 * @throws ModelNotFoundError, GatedModelError, HubUnreachableError, HubServerError
 */
export async function listHubFiles(model: HubModel, signal?: AbortSignal): Promise<HubListing> {
  const { hub, id, revision } = model;
  const url = `${hub}/api/models/${id}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const response = await hubFetch(model, url, signal);
  if (!response.ok) {
    const listing = response.status === 404 ? await listByHead(model, signal) : null;
    return listing ?? refuse(model, response);
  }
  const parsed = v.safeParse(infoSchema, await response.json().catch(() => null));
  if (!parsed.success) {
    throw new HubServerError(`${host(hub)} did not answer like a model hub. Check the hub’s address.`);
  }
  const files = new Map<string, HubFile>();
  for (const { rfilename: name, size, blobId, lfs } of parsed.output.siblings) {
    const sizeBytes = lfs?.size ?? size;
    if (sizeBytes === undefined) continue;
    files.set(name, {
      name,
      sizeBytes,
      sha256: lfs?.sha256 ?? null,
      gitBlobId: lfs ? null : (blobId ?? null),
    });
  }
  return { commit: parsed.output.sha, files };
}

/** Null when there is not even a config.json. */
async function listByHead(model: HubModel, signal?: AbortSignal): Promise<HubListing | null> {
  const files = new Map<string, HubFile>();
  let commit = model.revision;
  for (const name of candidates) {
    const response = await hubFetch(model, fileUrl(model, model.revision, name), signal, 'HEAD');
    if (response.status === 401 || response.status === 403) return refuse(model, response);
    const size = response.headers.get('x-linked-size') ?? response.headers.get('content-length');
    if (response.ok && size !== null) {
      const etag = response.headers.get('x-linked-etag')?.replaceAll('"', '') ?? '';
      const sha256 = v.is(digest256, etag) ? etag : null;
      files.set(name, { name, sizeBytes: Number(size), sha256, gitBlobId: null });
      commit = response.headers.get('x-repo-commit') ?? commit;
    } else if (name === 'config.json') {
      return null;
    }
  }
  return { commit, files };
}

/** A request whose failure to connect is a sentence; HTTP errors are left to the caller. */
export async function hubFetch(
  model: HubModel,
  url: string,
  signal: AbortSignal | undefined,
  method: 'GET' | 'HEAD' = 'GET',
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  try {
    // The browser's own cache would keep a second copy of the weights.
    return await fetch(url, { method, headers, cache: 'no-store', ...(signal && { signal }) });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new HubUnreachableError(
      `${host(model.hub)} could not be reached. Check the internet connection; a model that was fetched before needs none.`,
      { cause },
    );
  }
}

/** The sentence for an HTTP error; `isListed` when the hub has already told of the model. */
export function refuse(model: HubModel, response: Response, isListed = false): never {
  const where = `${model.id} on ${host(model.hub)}`;
  const { status } = response;
  const isGated = response.headers.get('x-error-code') === 'GatedRepo' || (isListed && status === 401);
  if (status === 403 || isGated) {
    throw new GatedModelError(
      `${where} is only for people who have signed in and accepted its conditions. Do that in the browser, download its ` +
        'files there, and drop the folder here.',
    );
  }
  // For a model that does not exist the hub asks strangers to sign in, so that private names stay private.
  if (status === 401 || status === 404) {
    throw new ModelNotFoundError(
      `There is no public model ${where} at the revision ${model.revision}. Check its spelling; a private model must be ` +
        'downloaded by hand and its folder dropped here.',
    );
  }
  const why = status === 429 ? 'too many requests were made; wait a few minutes' : 'try again later';
  throw new HubServerError(`${host(model.hub)} answered ${status} for ${model.id}: ${why}.`);
}

export function host(hub: string): string {
  return URL.canParse(hub) ? new URL(hub).host : hub;
}
