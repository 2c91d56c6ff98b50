import { beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { filterNormalized } from '../../../src/engine/landscape/directions.ts';
import { headVector } from '../../../src/engine/landscape/head-layout.ts';
import { headSurface } from '../../../src/engine/landscape/head-surface.ts';
import { measureLandscape } from '../../../src/engine/landscape/measure.ts';
import { headLogits } from '../../../src/engine/train/assemble-model.ts';
import type { FeatureMatrix } from '../../../src/engine/train/feature-matrix.ts';
import type { HeadWeights } from '../../../src/engine/train/head-model.ts';
import { judgeAnswers } from '../../../src/engine/train/finetune/judge.ts';
import { crossEntropy, type Objective } from '../../../src/engine/train/losses.ts';
import { tf } from '../../../src/engine/train/tf.ts';
import { startWasm } from '../train/tf-testing.ts';

beforeAll(async () => void (await startWasm()));

const random = seededRandom(3);
const weight = (shape: number[]) => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
});
/** @param widths from the features to the answers */
const headOf = (...widths: number[]): HeadWeights => ({
  layers: widths.slice(1).map((width, at) => ({
    kernel: weight([widths[at] ?? 1, width]),
    bias: weight([width]),
  })),
});
const photos = (rows: number, columns: number, classes: number): FeatureMatrix => ({
  rows,
  columns,
  data: Float32Array.from({ length: rows * columns }, () => random.normal()),
  labels: Int32Array.from({ length: rows }, () => random.integer(classes)),
});

/** Puts weights of a surface back into a head. */
function headAt(head: HeadWeights, weights: Float32Array): HeadWeights {
  let at = 0;
  const take = ({ shape, data }: HeadWeights['layers'][number]['bias']) => {
    at += data.length;
    return { shape, data: weights.slice(at - data.length, at) };
  };
  return {
    ...head,
    layers: head.layers.map(({ kernel, bias }) => ({ kernel: take(kernel), bias: take(bias) })),
  };
}

/** Focal loss, for its log loss is not calibrated behind one's back. */
const focal: Objective = { ...crossEntropy, loss: { kind: 'focal', parameter: 0 } };

async function resultOf<T>(work: AsyncGenerator<unknown, T>): Promise<T> {
  for (;;) {
    const step = await work.next();
    if (step.done === true) return step.value;
  }
}

describe('the loss of a head around its weights', () => {
  it.each([
    ['linear', [6, 3]],
    ['with hidden layers', [6, 5, 4, 3]],
    ['that reads only some of the features', [4, 3]],
  ])('is that of heads whose weights were moved: %s', async (_name, widths) => {
    const head = headOf(...widths);
    // More photos than a block has, and sets that do not come out even.
    const [train, val] = [photos(601, 6, 3), photos(20, 6, 3)];
    const surface = headSurface({ head, train, val, objective: focal });
    const axes = [1, 2].map((seed) => filterNormalized(surface.weights, surface.filters, seededRandom(seed)));
    const steps = [[0, 0], [0.5, -1], [0.25, -1], [-1, 0.25], [0.5], [], [0, 1]];
    const places = await resultOf(surface.places(axes, steps));
    expect(places).toHaveLength(steps.length);
    for (const [at, [x = 0, y = 0]] of steps.entries()) {
      const place = places[at];
      const moved = surface.weights.map(
        (value, index) => value + x * (axes[0]?.[index] ?? 0) + y * (axes[1]?.[index] ?? 0),
      );
      for (const [figures, matrix] of [
        [place?.train, train],
        [place?.val, val],
      ] as const) {
        const expected = judgeAnswers(headLogits(headAt(head, moved), matrix), matrix, 3, focal);
        expect(figures?.loss).toBeCloseTo(expected.loss, 4);
        expect(figures?.accuracy).toBeCloseTo(expected.accuracy, 10);
      }
    }
    await surface.dispose();
  });

  it('keeps no memory, and none where it is stopped', async () => {
    const before = tf.memory().numTensors;
    const [head, train] = [headOf(6, 5, 3), photos(300, 6, 3)];
    const surface = headSurface({ head, train, val: undefined, objective: focal });
    const axis = filterNormalized(surface.weights, surface.filters, seededRandom(1));
    await resultOf(surface.places([axis], [[0], [1]]));
    const stop = new AbortController();
    const work = surface.places([axis], [[0], [1]], stop.signal);
    await work.next();
    stop.abort(new Error('enough'));
    await expect(work.next()).rejects.toThrow('enough');
    await surface.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('leaves biases out of the filters, and all else in', () => {
    const surface = headSurface({
      head: headOf(6, 5, 3),
      train: photos(4, 6, 3),
      val: undefined,
      objective: crossEntropy,
    });
    expect(surface.weights).toHaveLength(6 * 5 + 5 + 5 * 3 + 3);
    expect(surface.filters).toHaveLength(5 + 3);
    const direction = filterNormalized(surface.weights, surface.filters, seededRandom(0));
    expect([...direction.slice(30, 35), ...direction.slice(50)]).toEqual(Array(8).fill(0));
  });

  it('does not depend on how the weights are scaled from layer to layer', async () => {
    // ReLU lets one layer be ten times as large and the next a tenth: the same answers, and the same landscape.
    const head = headOf(6, 5, 3);
    const scaled: HeadWeights = {
      layers: head.layers.map(({ kernel, bias }, at) => ({
        kernel: { ...kernel, data: kernel.data.map((value) => value * (at === 0 ? 10 : 0.1)) },
        bias: { ...bias, data: bias.data.map((value) => value * (at === 0 ? 10 : 1)) },
      })),
    };
    const train = photos(40, 6, 3);
    const [one, other] = await Promise.all(
      [head, scaled].map(async (each) => {
        const surface = headSurface({ head: each, train, val: undefined, objective: crossEntropy });
        return resultOf(measureLandscape(surface, { grid: 5, seed: 2 }));
      }),
    );
    one?.plane.train
      .flat()
      .forEach((loss, at) => expect(other?.plane.train.flat()[at]).toBeCloseTo(loss ?? 0, 3));
    expect(other?.sharpness.train.rise).toBeCloseTo(one?.sharpness.train.rise ?? 0, 3);
  });

  it('has the weights in the order of the layers', () => {
    const head = headOf(2, 2);
    const [layer] = head.layers;
    expect([...headVector(head)]).toEqual([...(layer?.kernel.data ?? []), ...(layer?.bias.data ?? [])]);
  });
});
