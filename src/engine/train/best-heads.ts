import type { StopMetric } from '../../contract/train.ts';
import type { Weight } from '../graph/graph.ts';
import { isBetter, nothingYet } from './early-stop.ts';
import type { Validated } from './early-stop.ts';
import type { HeadModel, HeadWeights } from './head-model.ts';
import type { HeadEpoch, HeadState, TrainedHead } from './head-training.ts';

const nothingYetMarked = { epoch: 0, ...nothingYet };

/** Remembers each group's best weights. */
export class Best {
  readonly #head: HeadModel;
  readonly #validated: boolean;
  readonly #metric: StopMetric;
  readonly #groups: { epoch: number; best: Validated; weights: HeadWeights | undefined }[];
  /** Epochs since any group got better. */
  sinceBest = 0;

  /** @param metric that says which epoch is the best, on validation rows */
  constructor(head: HeadModel, groups: number, validated: boolean, metric: StopMetric) {
    this.#head = head;
    this.#validated = validated;
    this.#metric = metric;
    this.#groups = Array.from({ length: groups }, () => ({
      epoch: 0,
      best: nothingYet,
      weights: undefined,
    }));
  }

  after(epoch: HeadEpoch): void {
    let better = false;
    this.#groups.forEach((group, k) => {
      const { valLoss: loss = Number.NaN, valAccuracy: accuracy = Number.NaN } = epoch.groups[k] ?? {};
      const now = { loss, accuracy };
      if (this.#validated && !isBetter(this.#metric, now, group.best)) return;
      Object.assign(group, { epoch: epoch.epoch, best: now, weights: this.#head.weights(k) });
      better = true;
    });
    this.sinceBest = better ? 0 : this.sinceBest + 1;
  }

  heads(): TrainedHead[] {
    return this.#groups.map(({ epoch, best, weights }, k) => ({
      weights: weights ?? this.#head.weights(k),
      bestEpoch: epoch,
      valLoss: best.loss,
    }));
  }

  marks(): (Validated & { epoch: number })[] {
    return this.#groups.map(({ epoch, best }) => ({ epoch, ...best }));
  }

  tensors(): [string, Weight][] {
    return this.#groups.flatMap(({ weights }, k) =>
      (weights?.layers ?? []).flatMap(({ kernel, bias }, index): [string, Weight][] => [
        [`best/${k}/${index}/kernel`, kernel],
        [`best/${k}/${index}/bias`, bias],
      ]),
    );
  }

  restore(state: HeadState): void {
    this.sinceBest = state.sinceBest;
    this.#groups.forEach((group, k) => {
      const mark = state.best[k];
      const layers: { kernel: Weight; bias: Weight }[] = [];
      for (;;) {
        const kernel = state.tensors.get(`best/${k}/${layers.length}/kernel`);
        const bias = state.tensors.get(`best/${k}/${layers.length}/bias`);
        if (kernel === undefined || bias === undefined) break;
        layers.push({ kernel, bias });
      }
      const { activation } = this.#head;
      const weights = { layers, ...(activation === 'relu' ? {} : { activation }) };
      const { epoch, ...best } = mark ?? nothingYetMarked;
      Object.assign(group, { epoch, best, weights: layers.length === 0 ? undefined : weights });
    });
  }
}
