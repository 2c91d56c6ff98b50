import { createHash } from 'node:crypto';
import { HolotypeError, toErrorShape } from '../../contract/errors.ts';
import type { CameraAnswer } from '../../contract/use.ts';
import { decodeConcurrency } from '../../engine/data/decode.ts';
import { modelView, showablePicture, smallPicture, type Picture } from '../../engine/data/picture.ts';
import { trainingView } from '../../engine/train/finetune/views.ts';
import { photoFacts } from '../../store/photos.ts';
import { errnoOf } from '../../store/storage-error.ts';
import { openStream } from '../../store/streams.ts';
import type { ThumbnailCache } from '../../store/thumbnail-cache.ts';
import { bodyTooLarge, type UploadStore } from '../../store/uploads.ts';
import type { Downloads } from '../downloads.ts';
import type { OpenProjects } from '../projects/open-projects.ts';
import { readPhotoCopy, readPhotoFile } from '../read-photo.ts';
import { presetOf } from '../train/augmenting.ts';
import type { Media, MediaRequest, MediaResponse } from './media.ts';
import { createNewestFirst } from './newest-first.ts';
import { routeOf, type Route } from './routes.ts';

export interface MediaDeps {
  readonly projects: Pick<OpenProjects, 'get'>;
  readonly downloads: Downloads;
  readonly uploads: Pick<UploadStore, 'write'>;
  readonly thumbnails: ThumbnailCache;
  /** The folder and the path in it of a photo that a prediction job has answered for; undefined: there is none. */
  readonly answerFile: (job: string, index: number) => Promise<PhotoFile | undefined>;
  /** What a run's model takes a picture for. */
  readonly classifyPicture: (
    project: string,
    run: string,
    picture: Uint8Array,
    signal?: AbortSignal,
  ) => Promise<CameraAnswer>;
}

export interface PhotoFile {
  /** Absolute. */
  readonly folder: string;
  /** Relative to it. */
  readonly path: string;
}

/** Content never changes under an address that is made of its hash. */
const forever = 365 * 24 * 3600;
/** A job's answers don't change either, but another engine may give their address to others. */
const awhile = 300;
/** Side (pixels) of the pictures of a job's answers. */
const answerSize = 256;
/** A camera's picture is a megabyte. */
const largestPicture = 32 * 2 ** 20;

/**
 * Answers for everything in contract/media.ts. Pictures are made off the main thread, as many at a time as there
 * are cores for it, what was asked for last first; small ones are kept on disk.
 */
export function createMedia(deps: MediaDeps): Media {
  // Pictures that are on the disk already must not wait for those that are being made.
  const queue = createNewestFirst(decodeConcurrency(1));
  return async (request) => {
    try {
      const route = routeOf(request);
      if (route === undefined) return words(404, 'Not found.');
      return await respond(deps, queue, route, request);
    } catch (error) {
      return refusal(error);
    }
  };
}

type Queue = ReturnType<typeof createNewestFirst>;

async function respond(
  deps: MediaDeps,
  queue: Queue,
  route: Route,
  { signal, body }: MediaRequest,
): Promise<MediaResponse> {
  switch (route.kind) {
    case 'thumb': {
      const { project, photo, size } = route;
      const key = `${photo}-${size}`;
      // Before the project is asked: the list of recent projects shows pictures of those that aren't open.
      const kept = await deps.thumbnails.get(key);
      if (kept !== undefined) return ofPicture({ type: 'image/jpeg', bytes: kept }, forever);
      return queue.run(
        key,
        async () => {
          const { bytes, same } = await readPhoto(deps, project, photo);
          const picture = await smallPicture(bytes, size);
          if (same) void deps.thumbnails.put(key, picture.bytes);
          return ofPicture(picture, same ? forever : undefined);
        },
        signal,
      );
    }
    case 'photo':
      return queue.run(
        `photo ${route.photo}`,
        async () => {
          const { bytes, same } = await readPhoto(deps, route.project, route.photo);
          return ofPicture(await showablePicture(bytes), same ? forever : undefined);
        },
        signal,
      );
    case 'view': {
      const { project, photo, resize, size, changed } = route;
      return queue.run(
        `view ${photo} ${resize} ${size} ${JSON.stringify(changed)}`,
        async () => {
          const { bytes, same } = await readPhoto(deps, project, photo);
          const policy = { width: size, height: size, resize, cropFraction: 1, ...noNormalization };
          if (changed === undefined)
            return ofPicture(await modelView(bytes, policy), same ? forever : undefined);
          const view = trainingView(0, photo, changed.number, presetOf(changed));
          // What a preset does may change with the version of the app.
          return ofPicture(await modelView(bytes, policy, view), same ? awhile : undefined);
        },
        signal,
      );
    }
    case 'answer':
    case 'answer-photo':
      return answerPicture(deps, queue, route, signal);
    case 'download':
      return ofDownload(deps, route.download);
    case 'upload': {
      const bytes = await deps.uploads.write(route.upload, route.path, body ?? nothing());
      return json(201, { bytes });
    }
    case 'camera': {
      const picture = await collect(body ?? nothing(), largestPicture);
      return json(200, await deps.classifyPicture(route.project, route.run, picture, signal));
    }
    default:
      return route satisfies never;
  }
}

const noNormalization = {
  mean: [0, 0, 0] as [number, number, number],
  std: [1, 1, 1] as [number, number, number],
};

/** A project's photo; `same` is false when its file has changed since the project has looked at it. */
async function readPhoto(
  { projects }: MediaDeps,
  project: string,
  photo: string,
): Promise<{ bytes: Uint8Array; same: boolean }> {
  const open = projects.get(project);
  const asset = open.asset(photo);
  const paths = [asset.path, ...(asset.otherPaths ?? [])];
  const bytes = await readPhotoCopy(open.photoFolder, paths, asset.bytes);
  return { bytes, same: bytes.length === asset.bytes };
}

async function answerPicture(
  { answerFile, thumbnails }: MediaDeps,
  queue: Queue,
  { kind, job, index }: Extract<Route, { job: string }>,
  signal: AbortSignal | undefined,
): Promise<MediaResponse> {
  const file = await answerFile(job, index);
  const facts = file === undefined ? undefined : await photoFacts(file.folder, file.path);
  if (file === undefined || facts === undefined) return words(404, 'This photo is not there (any more).');
  const read = (): Promise<Uint8Array> => readPhotoFile(file.folder, file.path, facts.bytes);
  if (kind === 'answer-photo')
    return queue.run(
      `${kind} ${job} ${index}`,
      async () => ofPicture(await showablePicture(await read()), awhile),
      signal,
    );
  // Nobody has read the photo whole to know it by its content: path, size and time have to do.
  const name = `${file.folder}\0${file.path}\0${facts.bytes}\0${facts.mtimeMs}`;
  const key = `${createHash('sha256').update(name).digest('hex')}-${answerSize}`;
  const kept = await thumbnails.get(key);
  if (kept !== undefined) return ofPicture({ type: 'image/jpeg', bytes: kept }, awhile);
  return queue.run(
    key,
    async () => {
      const picture = await smallPicture(await read(), answerSize);
      void thumbnails.put(key, picture.bytes);
      return ofPicture(picture, awhile);
    },
    signal,
  );
}

async function ofDownload({ downloads }: MediaDeps, download: string): Promise<MediaResponse> {
  const { name, type, content } = downloads.get(download);
  if (content instanceof Uint8Array)
    return { status: 200, type, body: content, length: content.length, fileName: name };
  const { bytes, chunks } = await openStream(content.path);
  return { status: 200, type, body: chunks, length: bytes, fileName: name };
}

/** @throws HolotypeError('bad-input') when there is more than `limit` bytes of it */
async function collect(body: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > limit)
      throw new HolotypeError('bad-input', `The picture has more than ${limit / 2 ** 20} MiB.`, {
        details: { reason: bodyTooLarge },
      });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function ofPicture({ type, bytes }: Picture, maxAge: number | undefined): MediaResponse {
  return {
    status: 200,
    type,
    body: bytes,
    length: bytes.length,
    ...(maxAge === undefined ? {} : { maxAge }),
  };
}

function json(status: number, value: unknown): MediaResponse {
  return { status, type: 'application/json; charset=utf-8', body: Buffer.from(JSON.stringify(value)) };
}

function words(status: number, text: string): MediaResponse {
  return { status, type: 'text/plain; charset=utf-8', body: Buffer.from(text) };
}

/** An error as an answer: what is wrong and what to do about it in words, for the page to show. */
function refusal(error: unknown): MediaResponse {
  const { message, remedy } = toErrorShape(error);
  return words(statusOf(error), remedy === undefined ? message : `${message} ${remedy}`);
}

function statusOf(error: unknown): number {
  const { code, details } = toErrorShape(error);
  switch (code) {
    case 'not-found':
      return 404;
    case 'bad-usage':
      return 400;
    case 'bad-input':
      return details?.['reason'] === bodyTooLarge ? 413 : 422;
    case 'storage':
      return storageStatus(error, details?.['errno']);
    case 'cancelled':
      return 499; // nobody hears it
    case 'busy':
      return 503;
    default:
      return 500;
  }
}

function storageStatus(error: unknown, errno: unknown): number {
  const code = typeof errno === 'string' ? errno : errnoOf(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return 404;
  return code === 'ENOSPC' || code === 'EDQUOT' ? 507 : 503;
}
