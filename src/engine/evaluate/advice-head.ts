import type { Advice } from '../../contract/metrics.ts';
import type { HeadHealth } from '../../contract/train.ts';
import { integer } from './plain-words.ts';

/** A few units always die; from this share of a layer on they are missed. */
const manyDead = 0.2;

/** What the weights of a trained head say: units that do nothing, and units that do the same as others. */
export function adviseOnHead(head: HeadHealth | undefined): Advice[] {
  if (head === undefined) return [];
  return head.layers.flatMap((layer, index): Advice[] => {
    const name = head.layers.length === 1 ? 'hidden layer' : `hidden layer ${index + 1}`;
    return [...dead(layer, name, head.photos), ...copies(layer, name)];
  });
}

function dead({ units, dead: count }: HeadHealth['layers'][number], name: string, photos: number): Advice[] {
  if (count < manyDead * units) return [];
  return [
    {
      code: 'units-dead',
      severity: count === units ? 'warning' : 'note',
      message:
        count === units
          ? `The head's ${name} answers nothing to any photo: its units are dead.`
          : `Many units of the head's ${name} are dead: they are zero for every photo and learn nothing any more.`,
      evidence: `${integer(count)} of ${integer(units)} units are zero for all of ${integer(photos)} photos.`,
      action:
        'Train with a lower learning rate, or with an activation that lets a little through below zero.',
      fix: { label: 'Use leaky ReLU', settings: { activation: 'leaky-relu' } },
    },
  ];
}

function copies({ units, copies: count }: HeadHealth['layers'][number], name: string): Advice[] {
  if (count === 0) return [];
  return [
    {
      code: 'units-alike',
      severity: 'warning',
      message: `Units of the head's ${name} are copies of each other: the layer is narrower than it looks.`,
      evidence: `${integer(count)} of ${integer(units)} units have the weights of another one.`,
      action:
        'Units that start with the same weights get the same corrections and stay the same for ever: start them with random weights.',
      fix: { label: 'Start with the usual weights', settings: { init: null } },
    },
  ];
}
