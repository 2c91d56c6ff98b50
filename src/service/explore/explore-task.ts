import { join } from 'node:path';
import type { UnlabeledPhoto } from '../../contract/dataset.ts';
import { HolotypeError } from '../../contract/errors.ts';
import { factsVersion } from '../../engine/data/facts.ts';
import { plainHash } from '../../engine/data/perceptual-hash.ts';
import { explore } from '../../engine/explore/explore.ts';
import type { Explored } from '../../engine/explore/explore.ts';
import type { Groups } from '../../engine/explore/groups.ts';
import type { FileFacts } from '../../engine/explore/odd-files.ts';
import { FactsCache } from '../../store/facts-cache.ts';
import { chooseDevice } from '../devices.ts';
import type { Task } from '../jobs/task.ts';
import { defaultBackbone } from '../models.ts';
import { startTf } from '../train/start-tf.ts';
import { exploreRequestSchema } from './explore-request.ts';
import type { ExploreRequest, Found } from './explore-request.ts';
import { featuresOf } from './features.ts';
import type { PhotoFeatures } from './features.ts';
import { anomaliesOf, rounded } from './rounded.ts';
import { saidOf } from './said.ts';

/** Looks through a project's photos; tells map and groups as soon as they are there. */
export const exploreTask: Task = async (request, tools) => {
  const wanted = exploreRequestSchema.parse(request);
  const { signal } = tools;
  tools.progress({ message: 'Looking for a network to see with', done: 0, unit: 'photos' });
  const files = await filesOf(wanted);
  const wish = {
    backbone: wanted.backbone ?? (await defaultBackbone()),
    resize: wanted.resize,
    device: await chooseDevice(wanted.device, { signal }),
    folder: join(wanted.cacheFolder, 'features'),
  };
  const reading = featuresOf(files, [wanted.folder], wish, signal);
  let seen: PhotoFeatures;
  for (;;) {
    const { value, done } = await reading.next();
    if (done === true) {
      seen = value;
      break;
    }
    tools.progress(value);
    await tools.pausePoint();
  }
  if (seen.photos.length === 0)
    throw new HolotypeError('bad-input', 'None of the photos can be read any more.', {
      remedy: 'Check that the drive with the photos is connected, then look again.',
    });
  const said = saidOf(
    seen.photos.map((at) => wanted.photos[at] ?? {}),
    wanted.task,
    wanted.classes,
  );
  if (said.labels.some((label) => label >= 0)) await startTf();
  const work = explore(
    {
      features: seen.features,
      finalColumns: seen.finalColumns,
      hashes: seen.photos.map((at) => files[at]?.perceptualHash ?? plainHash),
      files: seen.photos.map((at) => sizeOf(wanted.photos[at])),
      ...said,
      settings: wanted.settings,
    },
    signal,
  );
  for (;;) {
    const { value, done } = await work.next();
    if (done === true) return wholeOf(wanted, seen, value);
    if (value.type === 'first') tools.result(partOf(wanted, seen, value.groups, value.places));
    else
      tools.progress({
        message: value.message,
        done: value.done,
        total: value.total === 1 ? null : value.total,
        unit: 'steps',
      });
    await tools.pausePoint();
  }
};

/** What the project knows of a photo's file. */
function sizeOf(photo: ExploreRequest['photos'][number] | undefined): FileFacts | undefined {
  if (photo?.width === undefined || photo.height === undefined) return undefined;
  return { width: photo.width, height: photo.height, bytes: photo.bytes };
}

/** The photos as the features' cache asks for them, with what is known of their looks. */
async function filesOf({ photos, cacheFolder }: ExploreRequest): Promise<UnlabeledPhoto[]> {
  const cache = await FactsCache.open(join(cacheFolder, 'facts.jsonl'), String(factsVersion));
  return photos.map(({ id, path, bytes }) => {
    const facts = cache.factsOf(id);
    const known = facts !== undefined && 'perceptualHash' in facts ? facts : undefined;
    return {
      id,
      path,
      bytes,
      root: 0,
      width: known?.width ?? 1,
      height: known?.height ?? 1,
      perceptualHash: known?.perceptualHash ?? plainHash,
    };
  });
}

/** Photos that stand for a group. */
const typicalCount = 12;

function partOf(
  { photos, settings }: ExploreRequest,
  seen: PhotoFeatures,
  groups: Groups,
  places: Float32Array,
): Found {
  return {
    backbone: seen.backbone,
    complete: false,
    photos: seen.photos.map((at) => photos[at]?.id ?? ''),
    places: Array.from(places, rounded),
    map: 'pca',
    groups: [...groups.assignment],
    groupCount: groups.count,
    method: settings.method,
    silhouette: groups.silhouette === null ? null : rounded(groups.silhouette),
    typical: typicalOf(groups),
    duplicates: [],
    anomalies: [],
    labelErrors: [],
    next: [],
  };
}

function wholeOf(wanted: ExploreRequest, seen: PhotoFeatures, explored: Explored): Found {
  const { groups, places, duplicates, mistakes, next, nextBy } = explored;
  return {
    ...partOf(wanted, seen, groups, places),
    complete: true,
    map: 'neighbors',
    duplicates: duplicates.map(({ photos, similarity }) => ({
      kind: 'near',
      similarity: rounded(similarity),
      photos: [...photos],
    })),
    anomalies: anomaliesOf(explored).map(({ row, ...odd }) => ({ photo: row, ...odd })),
    labelErrors: mistakes.map(({ index, score, ...mistake }) => ({
      photo: index,
      ...mistake,
      score: rounded(score),
    })),
    next: next.map(({ index, score }) => ({ photo: index, score: rounded(score) })),
    nextBy,
  };
}

/** Numbers of the photos nearest to the middle of each group, the nearest first. */
function typicalOf({ assignment, distances, count }: Groups): number[][] {
  const order = [...assignment.keys()].sort((a, b) => (distances[a] ?? 0) - (distances[b] ?? 0) || a - b);
  const typical = Array.from({ length: count }, (): number[] => []);
  for (const photo of order) {
    const group = typical[assignment[photo] ?? 0];
    if (group !== undefined && group.length < typicalCount) group.push(photo);
  }
  return typical;
}
