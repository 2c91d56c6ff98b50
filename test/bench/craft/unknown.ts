/** Whether photos of a class the model never saw are told from those of classes it knows. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rocAuc } from '../../../src/engine/evaluate/roc.ts';
import { openDataset } from '../../../src/service/dataset.ts';
import { answerOf, classify, type PhotoFile } from '../../../src/service/predict.ts';
import { openSavedModel } from '../../../src/service/saved-model.ts';
import { train } from '../../../src/service/train/train.ts';
import type { Dataset } from '../../../src/contract/dataset.ts';
import { backboneId } from '../material.ts';
import { figure } from '../measure.ts';
import type { CraftFigure, CraftMaterial, CraftPart } from './part.ts';

const seed = 0;

/** What one held-out class came to. */
interface Held {
  readonly name: string;
  /** Area under the curve of telling the held-out class from the others, by novelty and by confidence alone. */
  readonly novelty: number;
  readonly confidence: number;
  /** Called unknown: share of the held-out class, and of the others. */
  readonly caught: number;
  readonly lost: number;
  readonly accuracy: number;
}

/** Each class of flowers in turn is left out of a training, and its validation photos are asked about. */
export const unknownPart: CraftPart = {
  name: 'unknown',
  needs: ['flowers', 'weights'],
  async run({ flowers = '', scratch, say, signal }: CraftMaterial): Promise<readonly CraftFigure[]> {
    const dataset = await openDataset(flowers, { signal });
    const all: Held[] = [];
    for (const [label, name] of dataset.classes.entries()) {
      say(`  unknown: flowers without ${name}`);
      all.push(await withoutClass(dataset, flowers, label, join(scratch, `without-${name}`), signal));
    }
    const mean = (of: keyof Omit<Held, 'name'>): number =>
      all.reduce((sum, one) => sum + one[of], 0) / all.length;
    const seeds = [seed];
    const each = all.map(({ name, novelty }) => `${name} ${novelty.toFixed(3)}`).join(', ');
    return [
      {
        ...figure(
          'flowers: AUROC of telling a class that was left out',
          mean('novelty'),
          '',
          { atLeast: 0.9 },
          each,
        ),
        seeds,
      },
      { ...figure('flowers: the same by confidence alone', mean('confidence'), ''), seeds },
      {
        ...figure(
          'flowers: photos of the class left out that are answered with unknown',
          100 * mean('caught'),
          '%',
        ),
        seeds,
      },
      { ...figure('flowers: photos of known classes answered with unknown', 100 * mean('lost'), '%'), seeds },
      { ...figure('flowers: accuracy on the classes that are known', 100 * mean('accuracy'), '%'), seeds },
    ];
  },
};

/** Trains as a person would, a head on MobileNetV2, and asks the saved model. */
async function withoutClass(
  { photos, classes }: Dataset,
  folder: string,
  held: number,
  out: string,
  signal: AbortSignal,
): Promise<Held> {
  const labels = `${out}.csv`;
  const rows = photos
    .filter(({ label }) => label !== held)
    .map(({ path, label, split }) => `${path},${classes[label] ?? ''},${split ?? 'train'}`);
  await writeFile(labels, `filename,label,split\n${rows.join('\n')}\n`);
  const options = { photos: folder, labels, out, seed, recipe: 'head', backbone: backboneId, device: 'cpu' };
  const training = train({ ...options, recipe: 'head' }, signal);
  let step = await training.next();
  while (step.done !== true) step = await training.next();
  const model = await openSavedModel(out);

  const asked = photos.filter(({ split }) => split === 'val');
  const files = new Map(
    asked.map((photo): [PhotoFile, number] => [
      { path: photo.path, root: folder, name: photo.path, bytes: photo.bytes },
      photo.label,
    ]),
  );
  const answers: { unlike: 0 | 1; novelty: number; doubt: number; unknown: boolean }[] = [];
  for await (const outcome of classify(model, [...files.keys()], signal)) {
    if ('reason' in outcome) continue;
    const { confidence, unknown } = answerOf(model, outcome.answers);
    answers.push({
      unlike: files.get(outcome.file) === held ? 1 : 0,
      novelty: outcome.answers.novelty ?? 0,
      doubt: 1 - confidence,
      unknown,
    });
  }
  const truth = Uint8Array.from(answers, ({ unlike }) => unlike);
  const area = (of: 'novelty' | 'doubt'): number =>
    rocAuc(
      Float64Array.from(answers, (one) => one[of]),
      truth,
    ) ?? Number.NaN;
  const share = (unlike: 0 | 1): number => {
    const some = answers.filter((one) => one.unlike === unlike);
    return some.filter(({ unknown }) => unknown).length / Math.max(1, some.length);
  };
  return {
    name: classes[held] ?? '',
    novelty: area('novelty'),
    confidence: area('doubt'),
    caught: share(1),
    lost: share(0),
    accuracy: model.about.metrics.val.accuracy ?? Number.NaN,
  };
}
