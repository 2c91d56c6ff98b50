import { useMemo, useState } from 'react';
import type { Metrics } from '../../../contract/metrics.ts';
import type { RunDetail, RunPhoto } from '../../../contract/runs.ts';
import { AdviceList } from '../../components/advice/advice-list.tsx';
import { TrainingCurves } from '../../components/charts/training-curves.tsx';
import { count, duration, figure, percent, plural } from '../../components/format.ts';
import { EmptyState, ErrorState, Skeleton, ToggleGroup } from '../../components/ui/index.ts';
import type { CheckedOn } from '../../state/judge.ts';
import { valueOf, type Loadable } from '../../state/loadable.ts';
import { timesOf } from './answers.ts';
import { ClassTable } from './class-table.tsx';
import { ConfusedList } from './confused-list.tsx';
import { ConfusionMatrix } from './confusion-matrix.tsx';
import { LabelTable } from './label-table.tsx';
import { numberFigures, numberHeadline, NumberResults } from './number-results.tsx';
import { RateCurve } from './rate-curve.tsx';
import { Reliability } from './reliability.tsx';
import { ThresholdCard } from './threshold-card.tsx';
import { TwoClassCard } from './two-class-card.tsx';

interface ResultsPageProps {
  readonly project: string;
  readonly run: RunDetail;
  readonly photos: Loadable<readonly RunPhoto[]>;
  readonly onRetry: () => void;
}

/** All figures of a run, the most important first. */
export function ResultsPage({ project, run, photos, onRetry }: ResultsPageProps) {
  const { result, advice, curves } = run;
  const [wanted, setOn] = useState<CheckedOn>('val');
  const answers = valueOf(photos);
  const on = result?.metrics.test === undefined ? 'val' : wanted;
  const shown = useMemo(() => answers?.filter(({ split }) => split === on), [answers, on]);
  if (result === null)
    return (
      <EmptyState small title="There are no figures">
        This run was stopped before there was a model. Train again to have one.
      </EmptyState>
    );
  const { val, test } = result.metrics;
  const { rateSearch, finetune } = result.chosen;
  const metrics = on === 'test' ? (test ?? val) : val;
  const { task = 'single-label' } = result;
  return (
    <div className="judge-results">
      <Headline metrics={val} test={test} run={run} />
      {advice.length === 0 ? null : (
        <section className="ui-card judge-card" aria-labelledby="judge-advice">
          <h2 id="judge-advice">What to look at</h2>
          <AdviceList advice={advice} project={project} run={run.summary.id} />
        </section>
      )}
      {test === undefined ? null : (
        <div className="judge-on">
          <ToggleGroup
            label="Figures of"
            value={on}
            options={[
              { value: 'val', label: 'Photos it was checked on' },
              { value: 'test', label: 'Final test' },
            ]}
            onChange={setOn}
          />
          <span className="muted small">
            {plural(metrics.count, 'photo')}; everything below is about these.
          </span>
        </div>
      )}
      {task === 'regression' ? <NumberResults metrics={metrics} photos={shown} /> : null}
      {task === 'regression' ? null : (
        <section className="ui-card judge-card judge-classes" aria-labelledby="judge-classes">
          <h2 id="judge-classes">{task === 'multi-label' ? 'Labels' : 'Classes'}</h2>
          {task === 'multi-label' ? <LabelTable metrics={metrics} /> : <ClassTable metrics={metrics} />}
        </section>
      )}
      {task === 'multi-label' ? <Reliability metrics={metrics} /> : null}
      {task === 'single-label' ? (
        <>
          <section className="ui-card judge-card" aria-labelledby="judge-confusion">
            <h2 id="judge-confusion">What is taken for what</h2>
            <p className="muted small">
              A row is what the photos are, a column what the model called them. Press a number to see the
              photos behind it.
            </p>
            <ConfusedList confusion={metrics.confusion} on={on} />
            <ConfusionMatrix key={on} confusion={metrics.confusion} on={on} />
          </section>
          <div className="judge-pair">
            <Reliability metrics={metrics} />
            <Threshold
              photos={photos}
              shown={shown ?? []}
              initial={run.unknownBelow ?? 0}
              onRetry={onRetry}
            />
          </div>
          {shown === undefined ? null : <TwoClassCard metrics={metrics} photos={shown} />}
        </>
      ) : null}
      {curves.length === 0 ? null : (
        <section className="ui-card judge-card" aria-labelledby="judge-curves">
          <h2 id="judge-curves">How it learned</h2>
          <TrainingCurves points={curves} />
          {rateSearch === undefined ? null : <RateCurve search={rateSearch} of="head" />}
          {finetune?.rateSearch === undefined ? null : (
            <RateCurve search={finetune.rateSearch} of="finetune" />
          )}
        </section>
      )}
    </div>
  );
}

interface ThresholdProps {
  readonly photos: Loadable<readonly RunPhoto[]>;
  /** Those of them that the figures are of. */
  readonly shown: readonly RunPhoto[];
  readonly initial: number;
  readonly onRetry: () => void;
}

/** The threshold, once its photos are there; or why it isn't. */
function Threshold({ photos, shown, initial, onRetry }: ThresholdProps) {
  if (photos.status === 'ready' && photos.value.length > 0)
    return <ThresholdCard photos={shown} initial={initial} />;
  return (
    <section className="ui-card judge-card" aria-labelledby="judge-threshold">
      <h2 id="judge-threshold">Answer or “unknown”</h2>
      {photos.status === 'failed' ? (
        <ErrorState small error={photos.error} onRetry={onRetry} />
      ) : photos.status === 'ready' ? (
        <p className="muted small">This run is of an older version and did not keep its answers.</p>
      ) : (
        <Skeleton height="180px" />
      )}
    </section>
  );
}

interface HeadlineProps {
  readonly metrics: Metrics;
  readonly test: Metrics | undefined;
  readonly run: RunDetail;
}

function Headline({ metrics, test, run }: HeadlineProps) {
  const { accuracy, accuracyInterval, macroF1, macroF1Interval, logLoss, logLossCalibrated } = metrics;
  const { result } = run;
  const { regression, multiLabel } = metrics;
  const number = result?.task === 'regression' ? numberHeadline(metrics) : undefined;
  const all = multiLabel === undefined ? '' : 'all labels ';
  return (
    <section className="ui-card judge-card judge-headline" aria-labelledby="judge-headline">
      <div>
        <h2 id="judge-headline" className="judge-number">
          {number?.title ?? (accuracy === null ? 'No figure' : `${percent(accuracy)} ${all}right`)}
        </h2>
        <p>{number?.words ?? inWords(metrics)}</p>
        {(accuracyInterval !== null || regression !== undefined) && metrics.count < 50 ? (
          <p className="judge-few small">
            That rests on {count(metrics.count)} photos only: more photos to check on would say it more
            surely.
          </p>
        ) : null}
        {test === undefined ? null : (
          <p className="judge-test">
            <strong>
              Final test:{' '}
              {test.regression === undefined
                ? `${share(test.accuracy)} ${all}right`
                : `off by ${figure(test.regression.mae)}`}
            </strong>
            {test.accuracyInterval === null ? '' : ` (${range(test.accuracyInterval)})`} on{' '}
            {plural(test.count, 'photo')} that nothing looked at before the end.
          </p>
        )}
      </div>
      <dl className="judge-figures">
        {regression === undefined ? (
          <>
            <Figure name="Macro-F1" value={share(macroF1)} hint={range(macroF1Interval)} />
            <Figure name="Log loss" value={(logLossCalibrated ?? logLoss)?.toFixed(3) ?? '–'} />
          </>
        ) : (
          numberFigures(regression).map((one) => <Figure key={one.name} {...one} />)
        )}
        {multiLabel === undefined ? null : (
          <Figure
            name="Single labels right"
            value={multiLabel.hammingLoss === null ? '–' : percent(1 - multiLabel.hammingLoss)}
          />
        )}
        {metrics.binary === undefined ? null : (
          <Figure name="Area under ROC" value={metrics.binary.rocAuc?.toFixed(3) ?? '–'} />
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
export function inWords({ accuracy, accuracyInterval, multiLabel, count: photos }: Metrics): string {
  if (accuracy === null) return 'There were no photos to check on.';
  const right = `${multiLabel === undefined ? 'Right' : 'All labels right'} ${timesOf(accuracy)} on photos it did not learn from`;
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
