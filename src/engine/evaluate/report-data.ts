import type { RateSearchResult } from '../../contract/train.ts';
import type { InputPolicy } from '../../contract/input-policy.ts';
import type { Advice, Metrics } from '../../contract/metrics.ts';
import type { Task } from '../../contract/project.ts';

/** Photos of one class, by split. */
export interface ClassCounts {
  readonly class: string;
  readonly train: number;
  readonly val: number;
  readonly test: number;
}

/** One epoch; null where a figure was not taken or is not a number (training diverged). */
export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number;
  readonly trainLoss: number | null;
  readonly valLoss: number | null;
  /** 0..1 */
  readonly trainAccuracy: number | null;
  readonly valAccuracy: number | null;
  readonly learningRate: number | null;
  /** `head` or `finetune`, where a recipe has both. */
  readonly stage?: string;
}

/** The model's answer for one validation photo. */
export interface ReportPrediction {
  /** As the person knows it: relative to the photo folder. */
  readonly path: string;
  /** True class and predicted class, by name. */
  readonly label: string;
  readonly predicted: string;
  /** With several labels a photo. */
  readonly labels?: { readonly truth: readonly string[]; readonly predicted: readonly string[] } | undefined;
  /** With a number to predict. */
  readonly value?: { readonly truth: number; readonly predicted: number } | undefined;
  /** Probability of the predicted class after calibration, 0..1. */
  readonly confidence: number;
  /** Of every class, in the order of `ReportData.classes`. */
  readonly probabilities?: readonly number[];
  /** A small picture as a data URI (JPEG, PNG or WebP, base64), about 160 px; see `thumbnailPaths`. */
  readonly thumbnail?: string;
}

export interface ReportSetting {
  readonly name: string;
  readonly value: string;
  /** One plain sentence: what it does. */
  readonly explanation: string;
}

/** Everything report.html shows. Text is escaped by the report; pass it as it is. */
export interface ReportData {
  /** The model's name: that of its folder. */
  readonly name: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Absent: one class a photo. */
  readonly task?: Task;
  readonly classes: readonly string[];
  readonly counts: {
    readonly train: number;
    readonly val: number;
    readonly test: number;
    readonly skipped: number;
  };
  readonly classCounts: readonly ClassCounts[];
  readonly metrics: { readonly val: Metrics; readonly test?: Metrics };
  readonly history: readonly EpochRecord[];
  /** The epoch whose weights were kept. */
  readonly bestEpoch?: number;
  /** How the learning rate was found, where it was. */
  readonly rateSearch?: RateSearchResult;
  /** The same for fine-tuning, also where it was not kept. */
  readonly finetuneRateSearch?: RateSearchResult;
  /** On validation photos. */
  readonly predictions: readonly ReportPrediction[];
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** Photos that are the same (`exact`) or look the same (`near`), each group once. */
  readonly duplicates: readonly { readonly kind: 'exact' | 'near'; readonly paths: readonly string[] }[];
  /** The same photo under several classes. */
  readonly conflicts: readonly { readonly paths: readonly string[]; readonly labels: readonly string[] }[];
  readonly advice: readonly Advice[];
  readonly recipe: string;
  readonly settings: readonly ReportSetting[];
  readonly backbone: {
    readonly id: string;
    readonly name: string;
    readonly licence: string;
    readonly sha256: string;
  };
  readonly inputPolicy: InputPolicy;
  readonly device: string;
  /** Wall time of the whole training. */
  readonly seconds: number;
  readonly seed: number;
  readonly datasetHash: string;
  /** Of the software, by name: holotype, onnxruntime-node, ... */
  readonly versions: Readonly<Record<string, string>>;
  /** The saved model, paths relative to its folder. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** The exported models against the trained one, on real validation photos. */
  readonly parity: readonly {
    readonly format: string;
    readonly photos: number;
    readonly maxDifference: number;
  }[];
}
