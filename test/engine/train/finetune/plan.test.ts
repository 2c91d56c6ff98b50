import { expect, test } from 'vitest';
import { blocksOf } from '../../../../src/engine/graph/blocks.ts';
import { defaultFreezePoint } from '../../../../src/engine/train/finetune/plan.ts';
import { photosAtOnce } from '../../../../src/engine/train/finetune/room.ts';
import { augmentations } from '../../../../src/contract/augment.ts';
import { augmentPresets } from '../../../../src/contract/choices.ts';
import { trainingView, viewName } from '../../../../src/engine/train/finetune/views.ts';
import { mobileNetV2, resNet } from '../../graph/networks.ts';
import { divide } from './tail-testing.ts';

const graphs = [
  mobileNetV2((block, layer) => `block_${block}/${layer}`),
  resNet((stage, unit, layer) => `stage${stage}/unit${unit}/${layer}`),
];

test.each(graphs)(
  'the usual freeze point leaves a tail of at most half the work, but one there is',
  (graph) => {
    const blocks = blocksOf(graph);
    const { trunk } = divide(graph, 'stem');
    const point = defaultFreezePoint(blocks, trunk);
    const { plan } = divide(graph, point);
    expect(plan.trained.length).toBeGreaterThan(0);
    const frozen = blocks.slice(0, blocks.findIndex(({ name }) => name === point) + 1);
    const work = (some: typeof blocks): number =>
      some.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0);
    expect(work(frozen) / work(blocks)).toBeGreaterThan(0.4);
    expect(plan.blocks).toEqual(
      blocks
        .slice(frozen.length)
        .flatMap(({ name, parameters }) =>
          parameters > 0 && !['logits', 'fc', 'classifier'].includes(name) ? [name] : [],
        ),
    );
  },
);

test('every weight behind the freeze point is trained exactly once, statistics aside', () => {
  for (const graph of graphs) {
    const { plan } = divide(graph, 'stem');
    const keys = plan.trained.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    const behind = [...divide(graph, 'stem').trunk.graph.weights.keys()].filter(
      (key) => !/^stem|^normalize|mean$|variance$/.test(key),
    );
    expect(keys.toSorted()).toEqual(behind.toSorted());
  }
});

test('the first view is the photo as it is, others differ by seed, photo and number, and lie within it', () => {
  const ids = ['0'.repeat(64), `0000001f${'0'.repeat(56)}`, 'f'.repeat(64)] as const;
  expect(trainingView(1, ids[0], 0)).toEqual({ flip: false });
  const views = [];
  for (const seed of [1, 2])
    for (const photo of ids)
      for (const view of [1, 2, 3]) {
        const { flip, crop = { x: -1, y: -1, width: 9, height: 9 } } = trainingView(seed, photo, view);
        expect(trainingView(seed, photo, view)).toEqual({ flip, crop });
        expect(Math.min(crop.x, crop.y)).toBeGreaterThanOrEqual(0);
        expect(Math.max(crop.x + crop.width, crop.y + crop.height)).toBeLessThanOrEqual(1 + 1e-12);
        expect(crop.width * crop.height).toBeGreaterThan(0.45);
        views.push(JSON.stringify(crop));
      }
  expect(new Set(views).size).toBe(views.length);
});

test('a view is named by all that decides what it shows of a photo', () => {
  expect(viewName(1, 0)).toBe(viewName(2, 0));
  const names = [1, 2].flatMap((seed) => [0, 1, 2, 12].map((view) => viewName(seed, view)));
  expect(new Set(names).size).toBe(7);
  const { none, ...others } = augmentations;
  const byPreset = Object.values(others).map((augmentation) => viewName(1, 2, augmentation));
  expect(new Set(byPreset).size).toBe(augmentPresets.length - 1);
  expect(viewName(1, 2, none)).toBe('plain');
  // Stored activations of older trainings stay good.
  expect(viewName(1, 2, augmentations.standard)).toBe('random 1 1 2');
  const { crop, flip, ...rest } = augmentations.light;
  expect(viewName(1, 2, { ...rest, crop, flip, headViews: 3 })).toBe(viewName(1, 2, augmentations.light));
});

test('the standard augmentation draws the views that there were before there were others', () => {
  const view = trainingView(7, `0a1b2c3d${'0'.repeat(56)}`, 3);
  expect(view).toEqual({
    flip: true,
    crop: { x: 0, y: 0.10817271421033983, width: 1, height: 0.8045635397576414 },
  });
  expect(trainingView(7, `0a1b2c3d${'0'.repeat(56)}`, 3, augmentations.strong).crop).not.toEqual(view.crop);
});

test('the more a tail puts out, the fewer photos pass through it at once; but one always does', () => {
  const [graph = mobileNetV2(() => '')] = graphs;
  const counts = ['stem', 'block_1', 'block_2'].map((until) =>
    photosAtOnce(divide(graph, until).plan, graph),
  );
  expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  expect(new Set(counts).size).toBe(3);
  const { plan } = divide(graph, 'stem');
  const again = Array.from({ length: 100_000 }, () => plan.nodes).flat();
  expect(photosAtOnce({ nodes: again }, graph)).toBe(1);
});
