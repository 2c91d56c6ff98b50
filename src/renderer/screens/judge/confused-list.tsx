import { useMemo } from 'react';
import type { Confusion } from '../../../contract/metrics.ts';
import { useDispatch } from '../../api/context.tsx';
import { count } from '../../components/format.ts';
import { ClassChip } from '../../components/ui/index.ts';
import type { CheckedOn } from '../../state/judge.ts';
import { mostConfused } from './confusions.ts';
import { useClassColors } from './use-class-colors.ts';

/** A matrix of fewer classes is read at a glance. */
const few = 5;
const most = 6;

/** The classes that are confused most often, in words: what a large matrix says, without looking for it. */
export function ConfusedList({ confusion, on }: { readonly confusion: Confusion; readonly on: CheckedOn }) {
  const dispatch = useDispatch();
  const colors = useClassColors();
  const pairs = useMemo(() => mostConfused(confusion, most), [confusion]);
  if (confusion.classes.length < few || pairs.length === 0) return null;
  return (
    <ul className="judge-confused" aria-label="Confused most often">
      {pairs.map(({ truth, predicted, count: photos, of }) => (
        <li key={`${truth} ${predicted}`}>
          <button
            type="button"
            onClick={() => dispatch({ type: 'judge/chosen', choice: { kind: 'cell', truth, predicted, on } })}
          >
            <ClassChip color={colors.get(truth) ?? 0} name={truth} />
            <span className="judge-confused-word">taken for</span>
            <ClassChip color={colors.get(predicted) ?? 0} name={predicted} />
            <span className="numeric">
              {count(photos)} of {count(of)}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
