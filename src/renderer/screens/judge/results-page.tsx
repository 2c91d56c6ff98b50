import { useMemo } from 'react';
import type { Advice, Metrics } from '../../../contract/metrics.ts';
import type { RunDetail, RunPhoto } from '../../../contract/runs.ts';
import { TrainingCurves } from '../../components/charts/training-curves.tsx';
import { count, duration, percent } from '../../components/format.ts';
import { Badge } from '../../components/ui/index.ts';
import { timesOf } from './answers.ts';
import { ClassTable } from './class-table.tsx';
import { ConfusionMatrix } from './confusion-matrix.tsx';
import { Reliability } from './reliability.tsx';
import { ThresholdCard } from './threshold-card.tsx';

interface ResultsPageProps {
  readonly run: RunDetail;
  /** Undefined while they are loaded, or when an old run has none. */
  readonly photos: readonly RunPhoto[] | undefined;
}

/** All figures of a run, the most important first. */
export function ResultsPage({ run, photos }: ResultsPageProps) {
  const { result, advice, curves } = run;
  const best = useMemo(() => bestOf(curves), [curves]);
  if (result === null)
    return <p className="muted">This run was stopped before there was a model: there are no figures.</p>;
  const { val, test } = result.metrics;
  return (
    <div className="judge-results">
      <Headline metrics={val} test={test} run={run} />
      {advice.length === 0 ? null : <AdviceList advice={advice} />}
      <section className="judge-card" aria-labelledby="judge-classes">
        <h2 id="judge-classes">Classes</h2>
        <ClassTable metrics={val} />
      </section>
      <section className="judge-card" aria-labelledby="judge-confusion">
        <h2 id="judge-confusion">What is taken for what</h2>
        <p className="muted small">
          A row is what the photos are, a column what the model called them. Press a number to see the photos
          behind it.
        </p>
        <ConfusionMatrix confusion={val.confusion} />
      </section>
      <div className="judge-pair">
        <Reliability metrics={val} />
        {photos === undefined || photos.length === 0 ? (
          <section className="judge-card" aria-labelledby="judge-threshold">
            <h2 id="judge-threshold">Answer or “unknown”</h2>
            <p className="muted small">This run is of an older version and did not keep its answers.</p>
          </section>
        ) : (
          <ThresholdCard
            photos={photos.filter(({ split }) => split === 'val')}
            initial={run.unknownBelow ?? 0}
          />
        )}
      </div>
      {curves.length === 0 ? null : (
        <section className="judge-card" aria-labelledby="judge-curves">
          <h2 id="judge-curves">How it learned</h2>
          <TrainingCurves points={curves} best={best} />
        </section>
      )}
    </div>
  );
}

function bestOf(curves: RunDetail['curves']): number | undefined {
  let best: number | undefined;
  curves.forEach(({ valLoss }, at) => {
    const now = best === undefined ? undefined : (curves[best]?.valLoss ?? undefined);
    if (valLoss !== null && (now === undefined || valLoss < now)) best = at;
  });
  return best === undefined ? undefined : best + 1;
}

interface HeadlineProps {
  readonly metrics: Metrics;
  readonly test: Metrics | undefined;
  readonly run: RunDetail;
}

function Headline({ metrics, test, run }: HeadlineProps) {
  const { accuracy, accuracyInterval, macroF1, macroF1Interval, logLoss, logLossCalibrated } = metrics;
  const { result } = run;
  return (
    <section className="judge-card judge-headline" aria-labelledby="judge-headline">
      <div>
        <h2 id="judge-headline" className="judge-number">
          {accuracy === null ? 'No figure' : `${percent(accuracy)} right`}
        </h2>
        <p>{inWords(metrics)}</p>
        {accuracyInterval !== null && metrics.count < 50 ? (
          <p className="judge-few small">
            That rests on {count(metrics.count)} photos only: more photos to check on would say it more
            surely.
          </p>
        ) : null}
      </div>
      <dl className="judge-figures">
        <Figure name="Macro-F1" value={share(macroF1)} hint={range(macroF1Interval)} />
        <Figure name="Log loss" value={(logLossCalibrated ?? logLoss)?.toFixed(3) ?? '–'} />
        {test === undefined ? null : (
          <Figure name="Final test" value={share(test.accuracy)} hint={range(test.accuracyInterval)} />
        )}
        <Figure name="Learned from" value={`${count(result?.counts.train ?? 0)} photos`} />
        <Figure
          name="Backbone"
          value={result?.backbone ?? '–'}
          hint={result?.recipe === 'finetune' ? 'fine-tuned' : 'new head'}
        />
        <Figure
          name="Took"
          value={run.summary.seconds === null ? '–' : duration(run.summary.seconds)}
          hint={result === null ? '' : `on ${result.device}`}
        />
      </dl>
    </section>
  );
}

/** The figure as a person would say it, with how sure it is. */
export function inWords({ accuracy, accuracyInterval, count: photos }: Metrics): string {
  if (accuracy === null) return 'There were no photos to check on.';
  const right = `Right ${timesOf(accuracy)} on photos it did not learn from`;
  if (accuracyInterval === null) return `${right}.`;
  const [low, high] = accuracyInterval;
  return `${right}. With ${count(photos)} photos checked, the true figure lies between ${Math.round(low * 100)}% and ${Math.round(high * 100)}% (95 times of 100).`;
}

function Figure({
  name,
  value,
  hint = '',
}: {
  readonly name: string;
  readonly value: string;
  readonly hint?: string;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span className="truncate" title={value}>
          {value}
        </span>
        {hint === '' ? null : <span className="muted small">{hint}</span>}
      </dd>
    </div>
  );
}

const share = (value: number | null): string => (value === null ? '–' : percent(value));
const range = (interval: readonly [number, number] | null): string =>
  interval === null ? '' : `${Math.round(interval[0] * 100)}–${Math.round(interval[1] * 100)}%`;

function AdviceList({ advice }: { readonly advice: readonly Advice[] }) {
  return (
    <section className="judge-card" aria-labelledby="judge-advice">
      <h2 id="judge-advice">What to look at</h2>
      <ul className="judge-advice">
        {advice.map(({ code, severity, message, evidence, action }) => (
          <li key={`${code} ${message}`}>
            <Badge tone={severity === 'warning' ? 'warning' : 'neutral'}>
              {severity === 'warning' ? 'Important' : 'Good to know'}
            </Badge>
            <div>
              <p>
                {message} <strong className="judge-action">{action}</strong>
              </p>
              <p className="muted small">{evidence}</p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
