import type { Weight } from '../graph/graph.ts';
import type { HeadModel, HeadWeights } from './head-model.ts';
import type { HeadEpoch, HeadState, TrainedHead } from './head-training.ts';

/** Remembers each group's best weights. */
export class Best {
  readonly #head: HeadModel;
  readonly #validated: boolean;
  readonly #groups: { epoch: number; loss: number; weights: HeadWeights | undefined }[];
  /** Epochs since any group got better. */
  sinceBest = 0;

  constructor(head: HeadModel, groups: number, validated: boolean) {
    this.#head = head;
    this.#validated = validated;
    this.#groups = Array.from({ length: groups }, () => ({
      epoch: 0,
      loss: Number.POSITIVE_INFINITY,
      weights: undefined,
    }));
  }

  after(epoch: HeadEpoch): void {
    let better = false;
    this.#groups.forEach((group, k) => {
      const loss = epoch.groups[k]?.valLoss ?? Number.NaN;
      if (this.#validated && !(loss < group.loss)) return;
      Object.assign(group, { epoch: epoch.epoch, loss, weights: this.#head.weights(k) });
      better = true;
    });
    this.sinceBest = better ? 0 : this.sinceBest + 1;
  }

  heads(): TrainedHead[] {
    return this.#groups.map(({ epoch, loss, weights }, k) => ({
      weights: weights ?? this.#head.weights(k),
      bestEpoch: epoch,
      valLoss: loss,
    }));
  }

  marks(): { epoch: number; loss: number }[] {
    return this.#groups.map(({ epoch, loss }) => ({ epoch, loss }));
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
      Object.assign(group, { ...mark, weights: layers.length === 0 ? undefined : { layers } });
    });
  }
}
