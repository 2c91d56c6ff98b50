import type { ScheduleKind } from '../../contract/train.ts';

/**
 * Cosine learning-rate schedule with linear warm-up (Loshchilov & Hutter 2017, without restarts).
 *
 * @param step optimizer step, from 0
 * @param total steps of the whole run, >= 1
 * @param warmup share of the run spent warming up, 0..1
 * @returns factor 0..1 of the peak learning rate; the first step is never 0
 */
export function cosineSchedule(step: number, total: number, warmup: number): number {
  const warmSteps = Math.max(1, Math.round(total * warmup));
  if (step < warmSteps) return (step + 1) / warmSteps;
  const progress = Math.min(1, (step - warmSteps) / Math.max(1, total - warmSteps));
  return (1 + Math.cos(Math.PI * progress)) / 2;
}

/** `step` multiplies the rate by `drop` at each of so many even parts of the steps after the warm-up. */
const stairs = { parts: 3, drop: 0.1 };
/** One-cycle (Smith & Topin 2018) as PyTorch and fastai set it: from 1/25 up to the peak, then down to 1/10,000. */
const cycle = { start: 1 / 25, end: 1e-4 };
/** The share of the steps in which one-cycle usually rises. */
const cycleRise = 0.3;
/**
 * `plateau`: after so many epochs in which the validation metric got no better by `margin` (as Keras has it) the rate is
 * multiplied by `drop`.
 */
const plateau = { epochs: 3, margin: 1e-4, drop: 0.5, least: 1e-3 };

/** What a schedule remembers of the validation: nothing but for `plateau`. */
export interface ScheduleState {
  /** Of the peak rate, 0..1. */
  readonly level: number;
  readonly sinceBetter: number;
  /** The metric's best value so far, the smaller the better. */
  readonly best: number;
}

/** How the learning rate changes in a training. */
export interface Schedule {
  /** @param step optimizer step, from 0 @returns share of the peak rate, 0..1; never 0 while steps are left */
  factor(step: number): number;
  /** @param value of the watched validation metric after an epoch, the smaller the better; NaN: not known */
  afterEpoch(value: number): void;
  state(): ScheduleState;
  restore(state: ScheduleState): void;
}

/**
 * - `constant`, `step`, `cosine`, `plateau`: a linear warm-up, then as they are called
 * - `one-cycle`: up and down along half cosines; it is its own warm-up, so that `warmup` says how long it rises
 *
 * @param total steps of the whole run, >= 1
 * @param warmup share of the run spent warming up, 0..1
 */
export function createSchedule(kind: ScheduleKind, total: number, warmup: number): Schedule {
  let state: ScheduleState = { level: 1, sinceBetter: 0, best: Number.POSITIVE_INFINITY };
  return {
    factor: (step) => shapeOf(kind, step, total, warmup) * state.level,
    afterEpoch(value) {
      if (kind !== 'plateau' || Number.isNaN(value)) return;
      if (value < state.best - plateau.margin) state = { ...state, sinceBetter: 0, best: value };
      else if (state.sinceBetter + 1 < plateau.epochs)
        state = { ...state, sinceBetter: state.sinceBetter + 1 };
      else state = { ...state, sinceBetter: 0, level: Math.max(plateau.least, state.level * plateau.drop) };
    },
    state: () => state,
    restore(saved) {
      state = saved;
    },
  };
}

/** The warm-up when nobody chose one. @param usual of schedules that only warm up with it */
export function usualWarmup(kind: ScheduleKind, usual: number): number {
  return kind === 'one-cycle' ? cycleRise : usual;
}

function shapeOf(kind: ScheduleKind, step: number, total: number, warmup: number): number {
  if (kind === 'cosine') return cosineSchedule(step, total, warmup);
  if (kind === 'one-cycle') return oneCycle(step, total, warmup);
  const warmSteps = Math.max(1, Math.round(total * warmup));
  if (step < warmSteps) return (step + 1) / warmSteps;
  if (kind !== 'step') return 1;
  const part = Math.floor((stairs.parts * (step - warmSteps)) / Math.max(1, total - warmSteps));
  return stairs.drop ** Math.min(part, stairs.parts - 1);
}

function oneCycle(step: number, total: number, rise: number): number {
  const top = Math.max(1, Math.round(total * rise)) - 1;
  const between = (from: number, to: number, share: number): number =>
    to + ((from - to) * (1 + Math.cos(Math.PI * Math.min(1, share)))) / 2;
  if (step <= top) return top === 0 ? 1 : between(cycle.start, 1, step / top);
  return between(1, cycle.end, (step - top) / Math.max(1, total - 1 - top));
}
