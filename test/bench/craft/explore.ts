/** Help with few labels or none: wrong labels are found, few labels are well chosen, many photos take no time. */
import { dirname, sep } from 'node:path';
import { createRequire } from 'node:module';
import { exploreSettingsSchema } from '../../../src/contract/explore.ts';
import { seededRandom, shuffled } from '../../../src/engine/data/random.ts';
import { reduced } from '../../../src/engine/explore/explore.ts';
import { groupsOf } from '../../../src/engine/explore/groups.ts';
import { labelNext, uncertaintyOf } from '../../../src/engine/explore/label-next.ts';
import { answersFor, labelErrors, matrixOf } from '../../../src/engine/explore/labels.ts';
import { neighborMap } from '../../../src/engine/explore/map.ts';
import { nearestNeighbors, recallOf } from '../../../src/engine/explore/neighbors.ts';
import { Pace } from '../../../src/engine/explore/pace.ts';
import { rowsOf } from '../../../src/engine/explore/points.ts';
import type { Points } from '../../../src/engine/explore/points.ts';
import { startTf } from '../../../src/engine/train/tf.ts';
import { figure } from '../measure.ts';
import type { CraftFigure, CraftMaterial, CraftPart } from './part.ts';
import { photoSetIn, type PhotoSet } from './photo-set.ts';

const seeds = [0, 1, 2, 3, 4];
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const startWasm = (): Promise<unknown> =>
  startTf(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep);

async function last<Result>(events: AsyncGenerator<unknown, Result>): Promise<Result> {
  for (;;) {
    const { value, done } = await events.next();
    if (done === true) return value;
  }
}

/** Share of the labels that were changed at random which are in the first 6% of all photos, as the list has them. */
async function changedLabels({ features, labels, classes }: PhotoSet, seed: number): Promise<number> {
  const random = seededRandom(seed);
  const rows = [...labels.keys()];
  const wrong = labels.slice();
  const changed = shuffled(rows, random).slice(0, Math.round(0.03 * rows.length));
  for (const row of changed)
    wrong[row] = ((labels[row] as number) + 1 + random.integer(classes - 1)) % classes;
  const groups = Int32Array.from(rows);
  const list = await last(labelErrors(matrixOf(features, rows, wrong), classes, groups, seed));
  const first = new Set(list.slice(0, Math.floor(0.06 * rows.length)).map(({ index }) => index));
  return changed.filter((row) => first.has(row)).length / changed.length;
}

/** Accuracy on validation photos of the usual head that learned from these photos. */
async function accuracy(
  { features, labels, classes, train }: PhotoSet,
  rows: readonly number[],
): Promise<number> {
  const checked = [...labels.keys()].filter((row) => train[row] === 0);
  const head = answersFor(rowsOf(features, checked), matrixOf(features, rows, labels), classes, 0);
  const answers = await last(head);
  const right = checked.filter((row, at) => {
    const own = answers.subarray(at * classes, (at + 1) * classes);
    return own.indexOf(own.reduce((a, b) => Math.max(a, b), 0)) === labels[row];
  });
  return right.length / checked.length;
}

/** Photos to label: in rounds of ten, what `explore` would say next; what it says first knows no label. */
async function chosen(set: PhotoSet, count: number, seed: number): Promise<number[]> {
  const { features, finalColumns, labels, classes, train } = set;
  const pool = [...labels.keys()].filter((row) => train[row] === 1);
  const own = rowsOf(features, pool);
  const points = await reduced(own, [[0, finalColumns]], seed, new Pace());
  const known = new Uint8Array(pool.length);
  const found: number[] = [];
  while (found.length < count) {
    let uncertainty: Float32Array | undefined;
    const told = new Set(found.map((at) => labels[pool[at] as number]));
    if (told.size > 1) {
      const few = found.map((at) => pool[at] as number);
      const answers = answersFor(own, matrixOf(features, few, labels), classes, seed);
      uncertainty = uncertaintyOf(await last(answers), classes);
    }
    const next = await labelNext(
      points,
      known,
      uncertainty,
      Math.min(10, count - found.length),
      seed,
      new Pace(),
    );
    for (const { index } of next) {
      known[index] = 1;
      found.push(index);
    }
  }
  return found.map((at) => pool[at] as number);
}

async function onPhotos(material: CraftMaterial): Promise<CraftFigure[]> {
  await startWasm();
  const figures: CraftFigure[] = [];
  const hymenoptera = await photoSetIn(material.hymenoptera ?? '', material);
  const flowers = await photoSetIn(material.flowers ?? '', material);
  const both = [
    ['hymenoptera', hymenoptera],
    ['flowers', flowers],
  ] as const;
  for (const [name, set] of both) {
    const shares: number[] = [];
    for (const seed of seeds) {
      material.signal.throwIfAborted();
      shares.push(await changedLabels(set, seed));
    }
    material.say(`changed labels of ${name}: ${shares.map((share) => share.toFixed(3)).join(' ')}`);
    const title = `3% changed labels of ${name} within the first 6% of the list`;
    figures.push({ ...figure(title, mean(shares), 'share', { atLeast: 0.8 }), seeds });
  }
  const count = 10 * flowers.classes;
  const gains: number[] = [];
  for (const seed of seeds) {
    material.signal.throwIfAborted();
    const pool = [...flowers.labels.keys()].filter((row) => flowers.train[row] === 1);
    const random = shuffled(pool, seededRandom(seed)).slice(0, count);
    const [ours, chance] = [
      await accuracy(flowers, await chosen(flowers, count, seed)),
      await accuracy(flowers, random),
    ];
    material.say(
      `${count} labels of flowers, seed ${seed}: ${ours.toFixed(3)} chosen, ${chance.toFixed(3)} random`,
    );
    gains.push(100 * (ours - chance));
  }
  const how = `${count} labels in all, chosen in rounds of 10, the same head, accuracy on val/`;
  figures.push({
    ...figure('flowers: "label next" against random choice', mean(gains), 'points', { atLeast: 2 }, how),
    seeds,
  });
  return figures;
}

/** Photos of 20 kinds, each varying in 10 directions of its own, as vectors of 1,280 numbers of 0 and more. */
function synthetic(rows: number, columns: number, seed: number): Points {
  const [kinds, directions] = [20, 10];
  const random = seededRandom(seed);
  const middles = Float32Array.from({ length: kinds * columns }, () => 0.5 * random.normal());
  const bases = Float32Array.from({ length: kinds * directions * columns }, () => 0.2 * random.normal());
  const data = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const kind = row % kinds;
    const own = Array.from({ length: directions }, () => random.normal());
    for (let j = 0; j < columns; j++) {
      let value = (middles[kind * columns + j] as number) + 0.3 * (random.next() - 0.5);
      for (let d = 0; d < directions; d++)
        value += (own[d] as number) * (bases[(kind * directions + d) * columns + j] as number);
      data[row * columns + j] = Math.max(0, value);
    }
  }
  return { rows, columns, data };
}

/** Seconds of the wall clock and of the processor. */
async function timed<Result>(
  work: () => Promise<Result>,
): Promise<{ result: Result; wall: number; cpu: number }> {
  const before = process.cpuUsage();
  const started = performance.now();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { result, wall: (performance.now() - started) / 1000, cpu: (user + system) / 1e6 };
}

async function manyEmbeddings({ say, signal }: CraftMaterial): Promise<CraftFigure[]> {
  const [rows, columns, seed] = [50_000, 1_280, 0];
  say(`making ${rows} vectors`);
  const features = synthetic(rows, columns, seed);
  const pace = new Pace(signal);
  const { method } = exploreSettingsSchema.parse({});
  const shrink = await timed(() => reduced(features, [[0, columns]], seed, pace));
  const points = shrink.result;
  const group = await timed(() => groupsOf(points, method, undefined, seed, pace));
  const near = await timed(() => nearestNeighbors(points, 15, seed, pace));
  const map = await timed(() => neighborMap(points, near.result, seed, pace));
  const some = Array.from({ length: 200 }, (_, i) => i * 250);
  const recall = recallOf(points, near.result, some);
  // Each with the principal components that it needs; the map with the neighbours, too.
  const figures: [string, number, number, number][] = [
    ['clustered, the number of clusters chosen', 20, shrink.wall + group.wall, shrink.cpu + group.cpu],
    ['neighbours found', 20, shrink.wall + near.wall, shrink.cpu + near.cpu],
    ['mapped', 60, shrink.wall + near.wall + map.wall, shrink.cpu + near.cpu + map.cpu],
  ];
  return [
    ...figures.map(([name, atMost, wall, cpu]) => ({
      ...figure(
        `50,000 x 1,280 ${name}: processor time of one core`,
        cpu,
        's',
        { atMost },
        `${wall.toFixed(1)} s by the clock`,
      ),
      seeds: [seed],
    })),
    {
      ...figure('50,000 x 1,280: the 15 neighbours found that are the true ones', recall, 'share', {
        atLeast: 0.95,
      }),
      seeds: [seed],
    },
  ];
}

export const exploreParts: readonly CraftPart[] = [
  { name: 'explore', needs: ['hymenoptera', 'flowers', 'weights'], run: onPhotos },
  { name: 'explore-many', needs: [], run: manyEmbeddings },
];
