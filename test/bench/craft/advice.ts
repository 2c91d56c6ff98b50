/** How often advice says what is the case, and nothing else, of trainings with known diagnoses. */
import { adviseOn } from '../../../src/engine/evaluate/advice.ts';
import { diagnoses, madeUpTraining } from '../../engine/evaluate/made-up-trainings.ts';
import { figure } from '../measure.ts';
import type { CraftPart } from './part.ts';

/** Others than those of the tests. */
const seeds = Array.from({ length: 25 }, (_, index) => 9000 + index);

export const advicePart: CraftPart = {
  name: 'advice',
  needs: [],
  async run({ say }) {
    let right = 0;
    let falseAlarms = 0;
    let missed = 0;
    let healthy = 0;
    for (const diagnosis of diagnoses) {
      for (const seed of seeds) {
        const { input, expected } = madeUpTraining(diagnosis, seed);
        const found = adviseOn(input).map(({ code }) => code);
        const extra = found.filter((code) => !expected.includes(code));
        const lacking = expected.filter((code) => !found.includes(code));
        if (expected.length === 0) healthy += 1;
        if (extra.length > 0) falseAlarms += 1;
        if (lacking.length > 0) missed += 1;
        if (extra.length + lacking.length === 0) right += 1;
        else say(`  ${diagnosis}, seed ${seed}: ${found.join(', ') || 'nothing'}`);
      }
    }
    const total = diagnoses.length * seeds.length;
    const ends = [seeds[0] ?? 0, seeds.at(-1) ?? 0];
    const note = `${total} trainings of ${diagnoses.length} kinds, ${healthy} with nothing to say`;
    return [
      figure('advice: made-up trainings diagnosed exactly', right / total, '', { atLeast: 1 }, note),
      figure('advice: trainings with a finding that is not there', falseAlarms, '', { atMost: 0 }),
      figure('advice: trainings whose finding is missed', missed, '', { atMost: 0 }),
    ].map((one) => ({ ...one, seeds: ends }));
  },
};
