/** Odd photos: whether those of another set are found among many, as people get the list and by content alone. */
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { seededRandom, shuffled } from '../../../src/engine/data/random.ts';
import { anomalyScores, traitScores } from '../../../src/engine/explore/anomalies.ts';
import { reduced } from '../../../src/engine/explore/explore.ts';
import type { FileFacts } from '../../../src/engine/explore/odd-files.ts';
import { oddPhotos } from '../../../src/engine/explore/odd-photos.ts';
import { Pace } from '../../../src/engine/explore/pace.ts';
import { rowsOf } from '../../../src/engine/explore/points.ts';
import { loadBackbone } from '../../../src/service/models.ts';
import { listModelFiles } from '../../../src/store/models.ts';
import { backboneId } from '../material.ts';
import { figure } from '../measure.ts';
import type { CraftFigure, CraftMaterial, CraftPart } from './part.ts';
import { photoSetIn, type PhotoSet } from './photo-set.ts';

/** Few photos are planted at a time: it takes many seeds to know the share. */
const seeds = Array.from({ length: 30 }, (_, seed) => seed);
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

interface Shares {
  /** The list as people get it. */
  readonly list: number;
  /** The list, did the planted photos have files like those they are among. */
  readonly sameFiles: number;
  readonly content: number;
}

/** Shares of planted photos (1% as many as there are) that are in the first 5% of the list of odd photos. */
async function plantedFound(home: PhotoSet, strangers: PhotoSet, seed: number): Promise<Shares> {
  const { columns } = home.features;
  const count = Math.max(4, Math.round(0.01 * home.features.rows));
  const random = seededRandom(seed);
  const drawn = shuffled(strangers.files.keys(), random).slice(0, count);
  const planted = rowsOf(strangers.features, drawn);
  const data = new Float32Array(home.features.data.length + planted.data.length);
  data.set(home.features.data);
  data.set(planted.data, home.features.data.length);
  const all = { rows: home.features.rows + count, columns, data };
  const own = drawn.flatMap((row) => strangers.files[row] ?? []);
  const like = shuffled(home.files, random).slice(0, count);
  const pace = new Pace();
  const whole = await reduced(
    all,
    [
      [0, home.finalColumns],
      [home.finalColumns, columns],
    ],
    seed,
    pace,
  );
  const content = anomalyScores(whole, await traitScores(all, home.finalColumns, pace));
  const withFiles = async (files: readonly FileFacts[]): Promise<Float32Array> =>
    (await oddPhotos(content, [...home.files, ...files], seed, pace)).scores;
  const found = (by: Float32Array): number => {
    const order = Array.from(by.keys()).sort((a, b) => (by[b] as number) - (by[a] as number));
    const first = order.slice(0, Math.floor(0.05 * all.rows));
    return first.filter((row) => row >= home.features.rows).length / count;
  };
  return {
    list: found(await withFiles(own)),
    sameFiles: found(await withFiles(like)),
    content: found(content),
  };
}

/** Both sets, each with photos of the other planted. */
async function plantedIn(material: CraftMaterial, backbone: string): Promise<CraftFigure[]> {
  const { name: network } = await loadBackbone(backbone, { allowFetch: false });
  const hymenoptera = await photoSetIn(material.hymenoptera ?? '', material, backbone);
  const flowers = await photoSetIn(material.flowers ?? '', material, backbone);
  const figures: CraftFigure[] = [];
  const lists: number[] = [];
  for (const [name, set, others] of [
    ['hymenoptera', hymenoptera, flowers],
    ['flowers', flowers, hymenoptera],
  ] as const) {
    const shares: Shares[] = [];
    for (const seed of seeds) {
      material.signal.throwIfAborted();
      shares.push(await plantedFound(set, others, seed));
    }
    const told = shares.map(({ list, content }) => `${list.toFixed(2)} (${content.toFixed(2)})`).join(' ');
    material.say(`planted in ${name}, seed by seed (and by content alone): ${told}`);
    const meanOf = (which: keyof Shares): number => mean(shares.map((share) => share[which]));
    lists.push(meanOf('list'));
    const title = `planted in ${name} (${network})`;
    const how = 'photos of the other set, 1% (4 at least), no labels';
    figures.push(
      {
        ...figure(`${title}: in the first 5% of odd photos`, meanOf('list'), 'share', { atLeast: 0.9 }, how),
        seeds,
      },
      {
        ...figure(`${title}: had they files like the others'`, meanOf('sameFiles'), 'share', undefined, how),
        seeds,
      },
      { ...figure(`${title}: by content alone`, meanOf('content'), 'share', undefined, how), seeds },
    );
  }
  const both = `planted in both (${network}): in the first 5% of odd photos, mean of the two`;
  figures.push({ ...figure(both, mean(lists), 'share', { atLeast: 0.9 }), seeds });
  return figures;
}

/** Works with Inception-v3 where the other parts don't see it: a report has a cache of its own. */
async function withInception(material: CraftMaterial): Promise<CraftFigure[]> {
  const id = 'inception-v3';
  const own = (await listModelFiles()).find((file) => file.id === id);
  if (own === undefined || own.installed || material.inception === undefined) return plantedIn(material, id);
  await mkdir(dirname(own.path), { recursive: true });
  await copyFile(material.inception, own.path);
  try {
    return await plantedIn(material, id);
  } finally {
    await rm(dirname(own.path), { recursive: true });
  }
}

export const oddParts: readonly CraftPart[] = [
  {
    name: 'explore-odd',
    needs: ['hymenoptera', 'flowers', 'weights'],
    run: (material) => plantedIn(material, backboneId),
  },
  { name: 'explore-odd-inception', needs: ['hymenoptera', 'flowers', 'inception'], run: withInception },
];
