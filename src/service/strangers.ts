/** Photos that a model answers for in one go, compared with each other: some may show what it has not learned. */
import type { BatchNovelty } from '../contract/predict.ts';
import { Pace } from '../engine/explore/pace.ts';
import { findStrangers, learnView, type PhotoView } from '../engine/explore/strangers.ts';
import { argmax } from '../engine/evaluate/confusion.ts';
import type { Answers } from './predict.ts';
import { readNovelty, type OpenedModel } from './saved-model.ts';

/** Of fewer photos, or with fewer training photos, chance says as much. */
const fewest = 50;
/** Where more of the photos are new than this, it is as likely that all were taken in another way. */
const most = 0.8;
/** The comparison is the same each time. */
const seed = 0;

/** What comparing photos shows. */
export interface BatchLook {
  readonly about: BatchNovelty;
  /** Which photos show something new for all that is known, in the order in which they were added. */
  readonly marked: readonly number[];
  /** Of each photo how little it belongs to those the model learned from: 0..1, evenly spread. */
  readonly scores: Float32Array;
}

/** Gathers what is needed of each photo, some hundred numbers, while they are answered for. */
export class Batch {
  readonly view: PhotoView;
  readonly #seen: Float32Array[] = [];
  readonly #novelty: number[] = [];
  readonly #classes: number[] = [];

  constructor(view: PhotoView) {
    this.view = view;
  }

  /** @param answers of a session that was loaded with {@link view} */
  add({ outputs, novelty, seen }: Answers): void {
    if (seen === undefined || novelty === undefined) return;
    this.#seen.push(seen);
    this.#novelty.push(novelty);
    this.#classes.push(argmax(outputs, 0, outputs.length));
  }

  /**
   * Compares all photos that were added.
   *
   * @returns undefined when they are too few
   * @throws the signal's reason
   */
  async look(signal?: AbortSignal): Promise<BatchLook | undefined> {
    const photos = this.#seen.length;
    if (photos < fewest) return undefined;
    const { columns } = this.view;
    const data = new Float32Array(photos * columns);
    for (const [row, own] of this.#seen.entries()) data.set(own, row * columns);
    const { scores, share, atLeast } = await findStrangers(
      this.view,
      { seen: { rows: photos, columns, data }, novelty: this.#novelty, classes: this.#classes },
      seed,
      new Pace(signal),
    );
    const count = share > most ? 0 : Math.floor(atLeast * photos);
    const marked = [...scores.keys()]
      .sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b)
      .slice(0, count)
      .sort((a, b) => a - b);
    return { about: { photos, share, atLeast, most: share > most, marked: count }, marked, scores };
  }
}

/**
 * Gets ready to compare so many photos.
 *
 * @returns undefined where they are too few, or the model can't: it must answer with one class a photo, and know its
 *   training photos. With numbers or several labels it can't be told whether photos are new or only of other values.
 * @throws the signal's reason; HolotypeError when the model's files are damaged
 */
export async function openBatch(
  model: OpenedModel,
  photos: number,
  signal?: AbortSignal,
): Promise<Batch | undefined> {
  if (model.about.task !== 'single-label' || photos < fewest) return undefined;
  const novelty = await readNovelty(model);
  if (novelty === undefined || novelty.scales.length < fewest) return undefined;
  const view = await learnView(novelty, seed, new Pace(signal));
  return view === undefined ? undefined : new Batch(view);
}

/** An answer for a photo that shows something new, as comparing it with the others has shown. */
export function asStranger<A extends { readonly unknown: boolean }>(
  answer: A,
): A & { unlike: true; unknown: true } {
  return { ...answer, unknown: true, unlike: true };
}
