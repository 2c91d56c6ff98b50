/** Whether photos of a class the model never saw are told from those of classes it knows. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rocAuc } from '../../../src/engine/evaluate/roc.ts';
import { openDataset } from '../../../src/service/dataset.ts';
import { answerOf, classify, type PhotoFile } from '../../../src/service/predict.ts';
import { openSavedModel } from '../../../src/service/saved-model.ts';
import { openBatch } from '../../../src/service/strangers.ts';
import { train } from '../../../src/service/train/train.ts';
import type { Dataset } from '../../../src/contract/dataset.ts';
import { backboneId } from '../material.ts';
import { figure } from '../measure.ts';
import type { CraftFigure, CraftMaterial, CraftPart } from './part.ts';

const seed = 0;

/** What one held-out class came to. */
interface Held {
  readonly name: string;
  /**
   * Area under the curve of telling the held-out class from the others: asked in one go and compared with each other,
   * each photo alone, and by confidence alone.
   */
  readonly together: number;
  readonly novelty: number;
  readonly confidence: number;
  /** The share of photos estimated to be new, and what it is. */
  readonly share: number;
  readonly trueShare: number;
  /** Called unknown: share of the held-out class, and of the others; in one go, and each alone. */
  readonly caught: number;
  readonly lost: number;
  readonly caughtAlone: number;
  readonly lostAlone: number;
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
    const each = (of: keyof Omit<Held, 'name'>): string =>
      all.map((one) => `${one.name} ${one[of].toFixed(3)}`).join(', ');
    const percent = (name: string, of: keyof Omit<Held, 'name'>): CraftFigure => ({
      ...figure(`flowers: ${name}`, 100 * mean(of), '%'),
      seeds,
    });
    return [
      {
        ...figure(
          'flowers: AUROC of telling a class that was left out, photos asked in one go',
          mean('together'),
          '',
          { atLeast: 0.9 },
          each('together'),
        ),
        seeds,
      },
      {
        ...figure('flowers: the same, each photo alone', mean('novelty'), '', undefined, each('novelty')),
        seeds,
      },
      { ...figure('flowers: the same by confidence alone', mean('confidence'), ''), seeds },
      {
        ...figure(
          'flowers: estimated share of photos of something new',
          100 * mean('share'),
          '%',
          undefined,
          `true: ${(100 * mean('trueShare')).toFixed(1)}%; estimated: ${each('share')}`,
        ),
        seeds,
      },
      percent('photos of the class left out answered with unknown, in one go', 'caught'),
      percent('photos of known classes answered with unknown, in one go', 'lost'),
      percent('photos of the class left out answered with unknown, each alone', 'caughtAlone'),
      percent('photos of known classes answered with unknown, each alone', 'lostAlone'),
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
  const batch = await openBatch(model, files.size, signal);
  for await (const outcome of classify(model, [...files.keys()], signal, batch)) {
    if ('reason' in outcome) continue;
    const { confidence, unknown } = answerOf(model, outcome.answers);
    answers.push({
      unlike: files.get(outcome.file) === held ? 1 : 0,
      novelty: outcome.answers.novelty ?? 0,
      doubt: 1 - confidence,
      unknown,
    });
  }
  const look = await batch?.look(signal);
  if (look === undefined) throw new Error('The photos were not compared.');
  const marked = new Set(look.marked);
  const truth = Uint8Array.from(answers, ({ unlike }) => unlike);
  const areaOf = (scores: Float64Array): number => rocAuc(scores, truth) ?? Number.NaN;
  const area = (of: 'novelty' | 'doubt'): number => areaOf(Float64Array.from(answers, (one) => one[of]));
  const share = (unlike: 0 | 1, isUnknown: (row: number) => boolean): number => {
    const rows = [...answers.keys()].filter((row) => answers[row]?.unlike === unlike);
    return rows.filter(isUnknown).length / Math.max(1, rows.length);
  };
  const alone = (row: number): boolean => answers[row]?.unknown === true;
  const together = (row: number): boolean => alone(row) || marked.has(row);
  return {
    name: classes[held] ?? '',
    together: areaOf(Float64Array.from(look.scores)),
    novelty: area('novelty'),
    confidence: area('doubt'),
    share: look.about.share,
    trueShare: answers.filter(({ unlike }) => unlike === 1).length / answers.length,
    caught: share(1, together),
    lost: share(0, together),
    caughtAlone: share(1, alone),
    lostAlone: share(0, alone),
    accuracy: model.about.metrics.val.accuracy ?? Number.NaN,
  };
}
