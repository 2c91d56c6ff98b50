import { fitTemperature, logLossOf } from '../../evaluate/calibration.ts';
import { isRight, judgedLoss } from '../judge-answer.ts';
import type { Objective } from '../losses.ts';
import { tf } from '../tf.ts';
import { inBatches } from './activations.ts';
import type { BoundaryPhotos } from './activations.ts';
import { readAndDispose } from './read-and-dispose.ts';
import type { TailModel } from './tail-model.ts';

export interface Judgement {
  /**
   * Of classes that count the same, the mean log loss in nats after calibration: what the saved model will have.
   * Otherwise the mean of what training makes small.
   */
  readonly loss: number;
  /** Share of the photos that are answered right; NaN for numbers. */
  readonly accuracy: number;
}

/** Answers of the tail for the plain view of photos. @returns logits [photos, classes] */
export async function tailLogits(
  model: TailModel,
  photos: BoundaryPhotos,
  classes: number,
  batchSize: number,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const all = [...photos.labels.keys()];
  const logits = new Float32Array(all.length * classes);
  let at = 0;
  for await (const event of photos.batches(0, inBatches(all, batchSize), signal)) {
    if (event.type === 'prepare') continue;
    const { values } = event;
    const n = Math.min(batchSize, all.length - at);
    const answers = tf.tidy(() => model.logits(tf.tensor2d(values, [n, values.length / n])));
    logits.set(readAndDispose(answers), at * classes);
    at += n;
  }
  return logits;
}

/** How good the tail is on photos it does not learn from. */
export async function judgeTail(
  model: TailModel,
  photos: BoundaryPhotos,
  classes: number,
  batchSize: number,
  objective: Objective,
  signal?: AbortSignal,
): Promise<Judgement> {
  const answers = await tailLogits(model, photos, classes, batchSize, signal);
  return judgeAnswers(answers, photos, classes, objective);
}

/** @param answers [photos, classes]: logits, or standardized numbers */
export function judgeAnswers(
  answers: Float32Array,
  { labels, targets }: Pick<BoundaryPhotos, 'labels' | 'targets'>,
  classes: number,
  objective: Objective,
): Judgement {
  if (answers.some((value) => !Number.isFinite(value)))
    return { loss: Number.POSITIVE_INFINITY, accuracy: 0 };
  const known = { labels, ...(targets === undefined ? {} : { targets }) };
  const { task, loss, weights } = objective;
  const plain = task === 'single-label' && loss.kind === 'cross-entropy' && weights === undefined;
  const sums = { loss: 0, right: 0 };
  for (const row of labels.keys()) {
    if (!plain) sums.loss += judgedLoss(objective, answers, row * classes, known, row, classes);
    sums.right += isRight(objective, answers, row * classes, known, row, classes);
  }
  const n = Math.max(1, labels.length);
  return {
    loss: plain
      ? (logLossOf(answers, labels, classes, fitTemperature(answers, labels, classes)) ?? Number.NaN)
      : sums.loss / n,
    accuracy: sums.right / n,
  };
}
