import type { Task } from '../../contract/project.ts';
import { argmax } from './confusion.ts';

/** What must be known of a model to read its answers. */
export interface AnswerKey {
  readonly task: Task;
  readonly classes: readonly string[];
  /** With several labels a photo: each is given from this probability on. */
  readonly thresholds?: readonly number[] | undefined;
}

/** What a model says of a photo. */
export interface ReadAnswer {
  /** For people: the class, the labels with "; " between them, or the number. */
  readonly label: string;
  /** With several labels a photo. */
  readonly labels?: string[];
  /** With a number. */
  readonly value?: number;
  /** 0..1: of the class, or of the label that was closest to being decided otherwise; 0 for a number. */
  readonly confidence: number;
}

/** Numbers are shown with so many digits that count. */
const digits = 4;

/** Reads the answer of a model for one photo. @param own calibrated probabilities in the classes' order, or one number */
export function answerIn({ task, classes, thresholds }: AnswerKey, own: Float32Array): ReadAnswer {
  if (task === 'regression') {
    // As many digits as a 32-bit number has.
    const value = Number((own[0] ?? 0).toPrecision(7));
    return { label: `${Number(value.toPrecision(digits))}`, value, confidence: 0 };
  }
  if (task === 'multi-label') {
    const given = (c: number): boolean => (own[c] ?? 0) >= (thresholds?.[c] ?? 0.5);
    const labels = classes.filter((_, c) => given(c));
    const sureness = classes.map((_, c) => (given(c) ? (own[c] ?? 0) : 1 - (own[c] ?? 0)));
    return { label: labels.join('; '), labels, confidence: Math.max(0, Math.min(1, ...sureness)) };
  }
  const best = argmax(own);
  // A sum of rounded shares may be a hair above one.
  return { label: classes[best] ?? '', confidence: Math.min(1, own[best] ?? 0) };
}
