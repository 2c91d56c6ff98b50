import type { Metrics, NumberFigures } from '../../../contract/metrics.ts';
import type { RunPhoto } from '../../../contract/runs.ts';
import { useDispatch } from '../../api/context.tsx';
import { count, figure, plural } from '../../components/format.ts';
import { NumberPlot } from './number-plot.tsx';

interface NumberResultsProps {
  readonly metrics: Metrics;
  /** The photos the figures are of; undefined while they are not there. */
  readonly photos: readonly RunPhoto[] | undefined;
}

/** How good predicted numbers are, in the target's own units. */
export function numberHeadline(metrics: Metrics): { readonly title: string; readonly words: string } {
  const { regression } = metrics;
  if (regression === undefined) return { title: 'No figure', words: 'There were no photos to check on.' };
  const { mae, maeInterval, maeOfMean } = regression;
  const between =
    maeInterval === null
      ? ''
      : ` With ${count(metrics.count)} photos checked, the true figure lies between ${figure(maeInterval[0])} and ${figure(maeInterval[1])} (95 times of 100).`;
  return {
    title: `Off by ${figure(mae)}`,
    words: `On average, on photos it did not learn from; always saying the mean would be off by ${figure(maeOfMean)}.${between}`,
  };
}

/** The figures beside the headline. */
export function numberFigures({ rmse, rmseInterval, r2, r2Interval, bias }: NumberFigures): readonly {
  readonly name: string;
  readonly value: string;
  readonly hint: string;
}[] {
  const range = (interval: readonly [number, number] | null): string =>
    interval === null ? '' : `${figure(interval[0])} to ${figure(interval[1])}`;
  return [
    { name: 'RMSE', value: figure(rmse), hint: range(rmseInterval) },
    { name: 'R²', value: r2 === null ? '–' : r2.toFixed(3), hint: range(r2Interval) },
    {
      name: 'Says on average',
      value: `${figure(Math.abs(bias))} too ${bias >= 0 ? 'much' : 'little'}`,
      hint: '',
    },
  ];
}

/** What was said against what is true; a dot leads to its photo. */
export function NumberResults({ metrics, photos }: NumberResultsProps) {
  const dispatch = useDispatch();
  if (metrics.regression === undefined || photos === undefined) return null;
  return (
    <section className="ui-card judge-card" aria-labelledby="judge-numbers">
      <h2 id="judge-numbers">What it said, and what is true</h2>
      <p className="muted small">
        {plural(photos.length, 'photo')}. On the dotted line the answer is the truth; above it, the model says
        too much. Press a dot to see its photo.
      </p>
      <NumberPlot
        photos={photos}
        onLook={(photo) => {
          dispatch({ type: 'judge/chosen', choice: { kind: 'all' } });
          dispatch({ type: 'judge/page', page: 'photos' });
          dispatch({ type: 'judge/looked', photo });
        }}
      />
    </section>
  );
}
