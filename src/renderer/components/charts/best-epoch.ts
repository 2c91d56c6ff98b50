import type { EpochPoint } from '../../../contract/runs.ts';

/**
 * The epoch whose weights are kept: the one with the lowest loss on the photos that are checked on, as the engine
 * chooses. @returns its position among the points, from 1; undefined before there is a loss
 */
export function bestEpoch(points: readonly EpochPoint[]): number | undefined {
  let best: { readonly position: number; readonly loss: number } | undefined;
  points.forEach(({ valLoss }, at) => {
    if (valLoss !== null && (best === undefined || valLoss < best.loss))
      best = { position: at + 1, loss: valLoss };
  });
  return best?.position;
}
