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
