import type { HeadHealth } from '../../contract/train.ts';
import type { ReportSetting } from '../../engine/evaluate/report-data.ts';
import type { HeadSettings } from './settings.ts';

const schedules: Readonly<Record<HeadSettings['schedule'], string>> = {
  cosine: 'falls along a cosine',
  constant: 'stays the same',
  step: 'falls to a tenth twice',
  'one-cycle': 'rises, then falls (one cycle)',
  plateau: 'halves when validation gets no better',
};

const number = (value: number): string => value.toLocaleString('en-US');

/** What a head is made of and how it was kept simple; of what is as usual nothing is told. */
export function headSettingsOf(settings: HeadSettings, health: HeadHealth): ReportSetting[] {
  const { l1, l2, dropout, batchNorm, schedule, warmup, clip, ema } = settings;
  const penalties = [...(l1 > 0 ? [`L1 ${l1}`] : []), ...(l2 > 0 ? [`L2 ${l2}`] : [])];
  const moves = [
    `learning rate ${schedules[schedule]} after ${Math.round(100 * warmup)}% of the steps to warm up`,
    ...(Number.isFinite(clip) ? [`gradients limited to ${clip}`] : []),
    ...(ema > 0 ? [`weights averaged (${ema})`] : []),
  ];
  return [
    ...(penalties.length === 0
      ? []
      : [
          {
            name: 'Penalties',
            value: `${penalties.join(', ')}; ${number(health.zeros)} of ${number(health.weights)} weights are exactly zero`,
            explanation: 'What large weights cost. L1 makes weights that are of no use zero.',
          },
        ]),
    ...(dropout > 0
      ? [
          {
            name: 'Dropout',
            value: `${dropout}`,
            explanation: 'The share of what the head reads that was left out in each step of training.',
          },
        ]
      : []),
    ...(batchNorm
      ? [
          {
            name: 'Batch normalization',
            value: 'in the head; folded into its weights',
            explanation: 'Brings what the layers compute to the same range.',
          },
        ]
      : []),
    ...(settings.hidden.length > 0
      ? [
          {
            name: 'Hidden units',
            value: health.layers.map(unitsOf).join('; '),
            explanation: `What stands between the features and the answers, with the activation ${settings.activation}.`,
          },
        ]
      : []),
    { name: 'Steps', value: moves.join(', '), explanation: 'How the learning rate changed in training.' },
  ];
}

function unitsOf({ units, dead, copies }: HeadHealth['layers'][number]): string {
  const odd = [
    ...(dead > 0 ? [`${dead} dead (zero for every photo)`] : []),
    ...(copies > 0 ? [`${copies} copies of others`] : []),
  ];
  return `${number(units)} units${odd.length > 0 ? `, of them ${odd.join(' and ')}` : ''}`;
}
