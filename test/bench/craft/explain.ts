/** Whether heatmaps say where a model looks, for every kind of backbone: insertion and deletion curves. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodePhoto } from '../../../src/engine/data/decode.ts';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { openDataset } from '../../../src/service/dataset.ts';
import { explainerOf } from '../../../src/service/explain/explain-photo.ts';
import { listModels } from '../../../src/service/models.ts';
import { readPhotoFile } from '../../../src/service/read-photo.ts';
import { createSession } from '../../../src/engine/devices/onnx-session.ts';
import { openSavedModel, readModelFile } from '../../../src/service/saved-model.ts';
import { train } from '../../../src/service/train/train.ts';
import type { Dataset, Photo } from '../../../src/contract/dataset.ts';
import { curvesOf, type Curves } from '../../engine/explain/curves.ts';
import { figure } from '../measure.ts';
import type { CraftFigure, CraftMaterial, CraftPart } from './part.ts';

const seed = 3;
/** Photos of each class to learn from, to check on, and to explain. */
const learned = 30;
const checked = 12;
const explained = 10;
const steps = 10;

/** A head on each backbone that is there, explained on photos it did not learn from. */
export const explainPart: CraftPart = {
  name: 'explain',
  needs: ['hymenoptera', 'weights'],
  async run({ hymenoptera = '', scratch, say, signal }: CraftMaterial): Promise<readonly CraftFigure[]> {
    const dataset = await openDataset(hymenoptera, { signal });
    const labels = join(scratch, 'explain.csv');
    const rows = [...some(dataset, 'train', learned), ...some(dataset, 'val', checked)].map(
      ({ path, label, split }) => `${path},${dataset.classes[label] ?? ''},${split ?? ''}`,
    );
    await writeFile(labels, `filename,label,split\n${rows.join('\n')}\n`);
    const figures: CraftFigure[] = [];
    for (const { id, format } of (await listModels()).filter((model) => model.installed)) {
      say(`  explain: ${id}`);
      const out = join(scratch, `explained-${id}`);
      const work = train(
        { photos: hymenoptera, labels, out, seed, recipe: 'head', backbone: id, device: 'cpu' },
        signal,
      );
      let step = await work.next();
      while (step.done !== true) step = await work.next();
      const { method, found, chance } = await judge(
        out,
        hymenoptera,
        some(dataset, 'val', explained),
        signal,
      );
      const note = `${method}; insertion ${found.insertion.toFixed(3)} (by chance ${chance.insertion.toFixed(3)}), deletion ${found.deletion.toFixed(3)} (${chance.deletion.toFixed(3)})`;
      // What comes in first makes the answer surer sooner, what goes first makes it doubtful sooner: the lesser of both.
      const better = Math.min(found.insertion - chance.insertion, chance.deletion - found.deletion);
      figures.push({
        ...figure(
          `${id} (${format}): heatmaps before maps by chance`,
          better,
          'area',
          { atLeast: 0.01 },
          note,
        ),
        seeds: [seed],
      });
    }
    return figures;
  },
};

function some({ photos, classes }: Dataset, split: Photo['split'], perClass: number): Photo[] {
  return classes.flatMap((_, label) =>
    photos.filter((photo) => photo.label === label && photo.split === split).slice(0, perClass),
  );
}

async function judge(
  folder: string,
  root: string,
  photos: readonly Photo[],
  signal: AbortSignal,
): Promise<{ method: string; found: Curves; chance: Curves }> {
  const model = await openSavedModel(folder);
  const { input } = model.about;
  const explainer = await explainerOf(model);
  const session = await createSession(await readModelFile(model, 'model.onnx'));
  const answers = async (pixels: Uint8Array, count: number): Promise<Float32Array> => {
    const [rows] = await session.run(new Float32Array(pixels), [count, input.height, input.width, 3]);
    return rows ?? new Float32Array();
  };
  const random = seededRandom(seed);
  const sums = { found: { insertion: 0, deletion: 0 }, chance: { insertion: 0, deletion: 0 } };
  try {
    for (const { path, bytes } of photos) {
      const pixels = await decodePhoto(await readPhotoFile(root, path, bytes), input);
      const { map, class: answer } = await explainer.explain(pixels, undefined, signal);
      const maps = { found: map, chance: { ...map, values: map.values.map(() => random.next()) } };
      for (const of of ['found', 'chance'] as const) {
        const { insertion, deletion } = await curvesOf(
          maps[of],
          pixels,
          [input.height, input.width],
          answer,
          answers,
          steps,
        );
        sums[of].insertion += insertion / photos.length;
        sums[of].deletion += deletion / photos.length;
      }
    }
  } finally {
    await Promise.all([explainer.release(), session.release()]);
  }
  return { method: explainer.method, ...sums };
}
