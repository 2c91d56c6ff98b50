/**
 * Occlusion maps: what hiding a place does to the answer. Zeiler and Fergus, "Visualizing and Understanding
 * Convolutional Networks", ECCV 2014, https://arxiv.org/abs/1311.2901. Needs nothing of the network but its answers.
 */
import { argmax } from '../evaluate/confusion.ts';
import type { Looked } from './grad-cam.ts';
import { positiveShare } from './heat-map.ts';

/** What photos with something hidden are classified with. */
export interface Answers {
  /** Of the photos, in pixels. */
  readonly height: number;
  readonly width: number;
  /** Photos to ask for at a time. */
  readonly batch: number;
  /**
   * @param pixels RGB uint8 [photos, height, width, 3], handed over
   * @returns probabilities [photos, classes]
   */
  of(pixels: Uint8Array, photos: number): Promise<Float32Array>;
}

/** Cells along a side of the map, and along a side of what is hidden. */
const cells = 14;
const hidden = 3;

/** What is put over a place: the grey that photos are padded with. */
const grey = 128;

/** Probabilities are kept this far from 0 and 1, so that their odds are numbers. */
const surest = 1e-6;

/**
 * Slides a grey square over the photo in steps of a cell. A cell is as important as the log-odds of the class drop on
 * average over the squares that cover it; where hiding makes the class likelier the importance is 0.
 *
 * @param pixels RGB uint8 [height, width, 3]
 * @param of index of the class to explain; absent: the model's answer
 * @throws the signal's reason, within a batch of its abort
 */
export async function occlusion(
  answers: Answers,
  pixels: Uint8Array,
  of?: number,
  signal?: AbortSignal,
): Promise<Looked> {
  const { height, width } = answers;
  const rows = Math.min(cells, height);
  const columns = Math.min(cells, width);
  const down = placesOf(rows, height);
  const across = placesOf(columns, width);
  const plain = await answers.of(pixels.slice(), 1);
  const explained = of ?? argmax(plain);
  const probability = plain[explained] ?? 0;
  const values = new Float32Array(rows * columns);
  const covered = new Float32Array(rows * columns);
  const squares = down.flatMap((y) => across.map((x) => ({ y, x })));
  for (let start = 0; start < squares.length; start += answers.batch) {
    signal?.throwIfAborted();
    const some = squares.slice(start, start + answers.batch);
    const batch = new Uint8Array(some.length * pixels.length);
    for (const [index, { y, x }] of some.entries()) {
      batch.set(pixels, index * pixels.length);
      for (let row = y.from; row < y.to; row++) {
        const line = index * pixels.length + row * width * 3;
        batch.fill(grey, line + x.from * 3, line + x.to * 3);
      }
    }
    const probabilities = await answers.of(batch, some.length);
    const classes = probabilities.length / some.length;
    for (const [index, { y, x }] of some.entries()) {
      const drop = logOdds(probability) - logOdds(probabilities[index * classes + explained] ?? 0);
      for (const row of y.cells)
        for (const column of x.cells) {
          const at = row * columns + column;
          values[at] = (values[at] as number) + drop;
          covered[at] = (covered[at] as number) + 1;
        }
    }
  }
  const mean = values.map((value, at) => value / Math.max(1, covered[at] as number));
  return { class: explained, probability, map: positiveShare({ rows, columns, values: mean }) };
}

/** Where squares lie along a side: the cells each covers, and its pixels. */
function placesOf(count: number, size: number): { cells: number[]; from: number; to: number }[] {
  const length = Math.min(hidden, count);
  return Array.from({ length: count - length + 1 }, (_, first) => ({
    cells: Array.from({ length }, (__, i) => first + i),
    from: Math.round((first * size) / count),
    to: Math.round(((first + length) * size) / count),
  }));
}

function logOdds(probability: number): number {
  const kept = Math.min(1 - surest, Math.max(surest, probability));
  return Math.log(kept / (1 - kept));
}
