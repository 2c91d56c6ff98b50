/** Trainings with known diagnoses: curves and counts with noise, a different one for every seed. */
import type { Advice, Metrics } from '../../../src/contract/metrics.ts';
import type { EpochPoint } from '../../../src/contract/runs.ts';
import { seededRandom, type Random } from '../../../src/engine/data/random.ts';
import type { AdviceInput } from '../../../src/engine/evaluate/advice-input.ts';
import { evaluateClassifier } from '../../../src/engine/evaluate/metrics.ts';

export interface MadeUp {
  readonly input: AdviceInput;
  /** What a careful colleague would say: this, and nothing else. */
  readonly expected: readonly Advice['code'][];
}

interface Setting {
  readonly random: Random;
  readonly classes: number;
  readonly epochs: number;
  readonly rate: number;
}

/** Losses and accuracies of an epoch, before noise; `done`: 0 in the first epoch, 1 in the last. */
interface Figures {
  readonly train: number;
  readonly val: number;
  readonly trainRight: number;
  readonly valRight: number;
}

const between = (random: Random, low: number, high: number): number => low + (high - low) * random.next();
const whole = (random: Random, low: number, high: number): number => low + random.integer(high - low + 1);

/** Multiplied with losses: some percent up or down, as batches fall. */
const noise = (random: Random, size: number): number => Math.exp(size * random.normal());

function curve(
  { random, epochs, rate }: Setting,
  figures: (done: number, epoch: number) => Figures,
  options: { stage?: EpochPoint['stage']; noise?: number; schedule?: 'cosine' | 'constant' } = {},
): EpochPoint[] {
  const { stage = 'head', noise: size = 0.03, schedule = 'cosine' } = options;
  return Array.from({ length: epochs }, (_, at): EpochPoint => {
    const done = at / Math.max(1, epochs - 1);
    const { train, val, trainRight, valRight } = figures(done, at + 1);
    const share = (value: number): number => Math.min(1, Math.max(0, value + 0.005 * random.normal()));
    return {
      stage,
      epoch: at + 1,
      trainLoss: Number.isFinite(train) ? train * noise(random, size) : null,
      valLoss: Number.isFinite(val) ? val * noise(random, size) : null,
      trainAccuracy: share(trainRight),
      valAccuracy: share(valRight),
      learningRate: schedule === 'constant' ? rate : rate * (0.5 + 0.5 * Math.cos(Math.PI * done)) + 1e-12,
    };
  });
}

/** A loss on its way from one value to another, `speed` times over: exp(-speed) is left in the end. */
const falling = (from: number, to: number, speed: number, done: number): number =>
  to + (from - to) * Math.exp(-speed * done);

interface Photos {
  readonly perClass?: number;
  readonly valPerClass?: number;
  /** How often the model is right. */
  readonly right?: number;
}

const judged = new Map<string, Metrics>();

/** Figures of a model that is right so often in every class, and claims just that. Those of one kind are made once. */
function figuresOf(classes: number, valPerClass: number, right: number): Metrics {
  const key = `${classes} ${valPerClass} ${right.toFixed(2)}`;
  const known = judged.get(key);
  if (known !== undefined) return known;
  const labels: number[] = [];
  const logits: number[] = [];
  const lead = Math.log((right * (classes - 1)) / (1 - right));
  for (let label = 0; label < classes; label++)
    for (let at = 0; at < valPerClass; at++) {
      const isRight = (at + 0.5) / valPerClass < right;
      const answer = isRight ? label : (label + 1 + (at % (classes - 1))) % classes;
      labels.push(label);
      for (let other = 0; other < classes; other++) logits.push(other === answer ? lead : 0);
    }
  const metrics = evaluateClassifier({
    logits: Float32Array.from(logits),
    labels: Int32Array.from(labels),
    classes: namesOf(classes),
  });
  judged.set(key, metrics);
  return metrics;
}

const namesOf = (classes: number): string[] => Array.from({ length: classes }, (_, at) => `class ${at + 1}`);

/** Results with nothing to say about, but for the curves. */
function results(
  { random, classes }: Setting,
  curves: readonly EpochPoint[],
  { perClass = 120, valPerClass = 250, right = 0.95 }: Photos = {},
): AdviceInput {
  return {
    metrics: figuresOf(classes, valPerClass, Math.round(right * 20) / 20),
    classCounts: namesOf(classes).map((name) => ({
      class: name,
      train: Math.round(perClass * between(random, 0.8, 1.2)),
      val: valPerClass,
      test: 0,
    })),
    curves,
    classes,
    options: { recipe: 'auto', valFraction: 0.2 },
  };
}

/** A training as it should be: the loss falls and comes to rest, a little higher on photos it did not learn from. */
function healthyCurve(setting: Setting, stage: EpochPoint['stage'] = 'head', from = 1): EpochPoint[] {
  const { random, classes } = setting;
  const start = Math.log(classes) * from * between(random, 0.5, 0.9);
  const end = start * between(random, 0.02, 0.15);
  const speed = between(random, 6, 14);
  const lag = between(random, 1.2, 2);
  const right = between(random, 0.96, 0.99);
  return curve(
    setting,
    (done) => ({
      train: falling(start, end, speed, done),
      val: falling(start * 0.9, end * lag + 0.03, speed, done),
      trainRight: falling(0.7, right, speed, done),
      valRight: falling(0.72, right - 0.03, speed, done),
    }),
    { stage },
  );
}

function settingOf(random: Random): Setting {
  return {
    random,
    classes: [2, 3, 6][random.integer(3)] ?? 2,
    epochs: whole(random, 15, 60),
    rate: 2e-3,
  };
}

const cases: Readonly<Record<string, (setting: Setting) => MadeUp>> = {
  healthy: (setting) => ({ input: results(setting, healthyCurve(setting)), expected: [] }),

  'healthy, then fine-tuned': (setting) => ({
    input: results(setting, [
      ...healthyCurve(setting),
      ...healthyCurve({ ...setting, epochs: 20, rate: 3e-4 }, 'finetune', 0.3),
    ]),
    expected: [],
  }),

  'healthy, with a constant learning rate and more noise': (setting) => {
    const end = Math.log(setting.classes) * between(setting.random, 0.03, 0.1);
    const curves = curve(
      setting,
      (done) => ({
        train: falling(0.8 * Math.log(setting.classes), end, 9, done),
        val: falling(0.7 * Math.log(setting.classes), end * 1.4, 9, done),
        trainRight: falling(0.7, 0.97, 9, done),
        valRight: falling(0.7, 0.94, 9, done),
      }),
      { schedule: 'constant', noise: 0.08 },
    );
    return { input: results(setting, curves), expected: [] };
  },

  'overfitting: validation loss turns': (setting) => {
    const { random, classes } = setting;
    const start = 0.8 * Math.log(classes);
    const turn = between(random, 0.1, 0.4);
    const rise = start * between(random, 0.4, 1);
    const curves = curve(setting, (done) => ({
      train: falling(start, 0.001, 9, done),
      val:
        0.3 * start +
        0.5 * start * Math.abs(done - turn) * (done < turn ? 1 : 0) +
        Math.max(0, done - turn) * rise,
      trainRight: falling(0.75, 1, 9, done),
      valRight: 0.91,
    }));
    return { input: results(setting, curves), expected: ['overfitting'] };
  },

  'overfitting: learned by heart': (setting) => {
    const { random, classes } = setting;
    const start = 0.8 * Math.log(classes);
    const known = between(random, 0.7, 0.85);
    const curves = curve(setting, (done) => ({
      train: falling(start, 0.005 * start, 9, done),
      val: falling(start, 0.55 * start, 9, done),
      trainRight: falling(0.7, 0.999, 12, done),
      valRight: known,
    }));
    return { input: results(setting, curves, { right: known }), expected: ['overfitting'] };
  },

  underfitting: (setting) => {
    const { random, classes } = setting;
    const start = Math.log(classes);
    const end = start * between(random, 0.55, 0.8);
    const known = between(random, 0.6, 0.72);
    const curves = curve(setting, (done) => ({
      train: falling(start, end, 12, done),
      val: falling(start, end * 1.03, 12, done),
      trainRight: known,
      valRight: known - 0.02,
    }));
    return { input: results(setting, curves, { right: known }), expected: ['underfitting'] };
  },

  'learning rate too high': (setting) => {
    const { random, classes } = setting;
    const end = 0.08 * Math.log(classes);
    const high = { ...setting, rate: between(random, 0.3, 2) };
    const first = whole(random, 2, 4);
    const curves = curve(high, (done, epoch) => {
      // Every few epochs it is thrown off.
      const thrown = epoch % 4 === first % 4 ? Math.log(classes) * between(random, 0.4, 1.5) : 0;
      return {
        train: falling(0.6 * Math.log(classes), end, 8, done) + thrown,
        val: falling(0.8 * Math.log(classes), end * 2, 8, done) + 1.5 * thrown,
        trainRight: 0.95,
        valRight: 0.92,
      };
    });
    const input = results(high, curves);
    return {
      input: { ...input, options: { ...input.options, learningRate: high.rate } },
      expected: ['learning-rate-high'],
    };
  },

  'fine-tuning at too high a learning rate': (setting) => {
    const { random, classes } = setting;
    const tuned = { ...setting, epochs: whole(random, 10, 25), rate: 0.03 };
    const curves = curve(
      tuned,
      (_, epoch) => {
        const thrown = epoch % 3 === 0 ? Math.log(classes) * between(random, 0.5, 1.5) : 0;
        const loss = 0.15 * Math.log(classes) + thrown;
        return { train: loss, val: 1.2 * loss, trainRight: 0.9, valRight: 0.88 };
      },
      { stage: 'finetune' },
    );
    return {
      input: results(setting, [...healthyCurve(setting), ...curves], { right: 0.9 }),
      expected: ['learning-rate-high'],
    };
  },

  'diverged: no number any more': (setting) => {
    const lost = whole(setting.random, 2, 8);
    const curves = curve({ ...setting, rate: 10 }, (_, epoch) => {
      const loss = epoch < lost ? Math.log(setting.classes) * (1 + 0.2 * epoch) : Number.NaN;
      return { train: loss, val: loss, trainRight: 0.3, valRight: 0.3 };
    });
    return { input: results(setting, curves, { right: 0.9 }), expected: ['diverged'] };
  },

  'diverged: growing without end': (setting) => {
    const factor = between(setting.random, 3, 30);
    const curves = curve({ ...setting, rate: 10 }, (_, epoch) => {
      const loss = Math.log(setting.classes) * factor ** epoch;
      return { train: loss, val: 2 * loss, trainRight: 0.5, valRight: 0.5 };
    });
    return { input: results(setting, curves, { right: 0.9 }), expected: ['diverged'] };
  },

  'learning rate too low': (setting) => {
    const { random, classes } = setting;
    const start = Math.log(classes);
    const rate = between(random, 1e-6, 1e-5);
    const speed = between(random, 0.1, 0.9);
    const slow = { ...setting, rate };
    // What falls depends on the way that was gone: on the sum of the learning rates.
    const way = (done: number): number => done / 2 + Math.sin(Math.PI * done) / (2 * Math.PI);
    const curves = curve(
      slow,
      (done) => ({
        train: falling(start, 0.05 * start, speed, 2 * way(done)),
        val: falling(start * 1.01, 0.08 * start, speed, 2 * way(done)),
        trainRight: falling(0.8, 0.9, speed, done),
        valRight: falling(0.79, 0.89, speed, done),
      }),
      { noise: 0.002 },
    );
    const input = results(slow, curves, { right: 0.9 });
    return {
      input: { ...input, options: { ...input.options, learningRate: rate } },
      expected: ['learning-rate-low'],
    };
  },

  'learning rate too low: flat': (setting) => {
    const start = Math.log(setting.classes);
    const curves = curve(
      { ...setting, rate: 1e-9 },
      () => ({ train: start, val: start, trainRight: 0.6, valRight: 0.6 }),
      { noise: 0.001 },
    );
    return { input: results(setting, curves, { right: 0.6 }), expected: ['learning-rate-low'] };
  },

  'too short': (setting) => {
    const { random, classes } = setting;
    const start = Math.log(classes) * between(random, 0.6, 0.9);
    const short = { ...setting, epochs: whole(random, 3, 7) };
    const curves = curve(
      short,
      (done) => ({
        train: falling(start, 0.05 * start, 1.6, done),
        val: falling(start, 0.08 * start, 1.5, done),
        trainRight: falling(0.7, 0.95, 1.6, done),
        valRight: falling(0.7, 0.93, 1.5, done),
      }),
      { noise: 0.02, schedule: 'constant' },
    );
    return { input: results(short, curves, { right: 0.9 }), expected: ['too-short'] };
  },

  'leak between learning and checking': (setting) => {
    const start = Math.log(setting.classes) * between(setting.random, 0.2, 0.4);
    const curves = curve(setting, (done) => ({
      train: falling(start, 0.004, 10, done),
      val: falling(0.1 * start, 0.004, 10, done),
      trainRight: falling(0.97, 1, 20, done),
      valRight: 1,
    }));
    return { input: results(setting, curves, { right: 0.95 }), expected: ['leak-suspected'] };
  },

  'classes of unequal size': (setting) => {
    const input = results(setting, healthyCurve(setting));
    const times = between(setting.random, 4, 20);
    const classCounts = input.classCounts.map((one, at) =>
      at === 0 ? { ...one, train: Math.round(one.train * times) } : one,
    );
    return { input: { ...input, classCounts }, expected: ['classes-unequal'] };
  },

  'too few photos to check on': (setting) => {
    const few = { ...setting, classes: 2 };
    const input = results(few, healthyCurve(few), { valPerClass: whole(setting.random, 10, 25), right: 0.9 });
    return { input, expected: ['validation-small'] };
  },

  'wrong labels': (setting) => {
    const input = results(setting, healthyCurve(setting));
    const labels = input.classCounts.reduce((sum, { train, val }) => sum + train + val, 0);
    const wrong = Math.ceil(labels * between(setting.random, 0.03, 0.1));
    const suspects = Array.from({ length: 2 * wrong }, (_, at) => ({
      path: `photo ${at}.jpg`,
      given: 'class 1',
      suggested: 'class 2',
      score: Math.max(0, 0.98 - (0.45 * at) / wrong),
    }));
    return { input: { ...input, suspects }, expected: ['labels-suspect'] };
  },

  'hardly any suspect labels': (setting) => {
    const input = results(setting, healthyCurve(setting));
    const suspects = [0.97, 0.9, 0.6, 0.3].map((score, at) => ({
      path: `photo ${at}.jpg`,
      given: 'class 1',
      suggested: 'class 2',
      score,
    }));
    return { input: { ...input, suspects }, expected: [] };
  },
};

export const diagnoses = Object.keys(cases);

/** @param diagnosis one of {@link diagnoses} */
export function madeUpTraining(diagnosis: string, seed: number): MadeUp {
  const make = cases[diagnosis];
  if (make === undefined) throw new Error(`There is no diagnosis "${diagnosis}".`);
  return make(settingOf(seededRandom(seed * 1009 + diagnosis.length)));
}
