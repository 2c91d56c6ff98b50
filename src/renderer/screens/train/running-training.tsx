import { Check, Circle, CircleDot, Pause, Play, Square, X } from 'lucide-react';
import { useEffect, useMemo, useRef } from 'react';
import type { JobProgress, JobSummary } from '../../../contract/jobs.ts';
import { useActions, useApi, useAppState } from '../../api/context.tsx';
import { AdviceList } from '../../components/advice/advice-list.tsx';
import { TrainingCurves } from '../../components/charts/training-curves.tsx';
import { count, duration, percent } from '../../components/format.ts';
import { Button, classes, Progress } from '../../components/ui/index.ts';
import { noLog } from '../../state/jobs.ts';
import { factsOf, stageNames, type TrainingFacts } from './progress-facts.ts';

/** A screen reader hears how far it is so often (ms). */
const spokenEvery = 15_000;

interface RunningTrainingProps {
  readonly job: JobSummary;
  /** Trainings that come before it. */
  readonly before: number;
}

/** A training that waits, runs or is paused. */
export function RunningTraining({ job, before }: RunningTrainingProps) {
  const { jobs, picking } = useActions();
  const log = useAppState((state) => state.jobs.logs.get(job.id) ?? noLog);
  useEffect(() => jobs.follow(job.id), [jobs, job.id]);
  const facts = useMemo(() => factsOf(log.events), [log]);
  useSpoken(job, facts);
  const cancel = async (): Promise<void> => {
    const sure =
      job.state === 'queued' ||
      (await picking.confirm({
        title: 'Cancel this training?',
        text: 'What it has learned so far is thrown away. To keep it, use “Stop and keep”.',
        confirm: 'Cancel the training',
        danger: true,
      }));
    if (sure) await jobs.cancel(job.id);
  };
  const paused = job.state === 'paused';
  return (
    <section className="ui-card train-card train-running" aria-labelledby={`job-${job.id}`}>
      <div className="train-plan-head">
        <div>
          <h2 id={`job-${job.id}`}>
            {job.state === 'queued' ? `Waiting, ${ordinal(before)} in line` : paused ? 'Paused' : 'Training'}
          </h2>
          <p className="muted small" aria-live="off">
            {job.state === 'queued'
              ? 'Starts by itself when what is before it is done.'
              : doing(job.progress)}
          </p>
        </div>
        <span className="train-controls">
          {job.canPause && job.state === 'running' ? (
            <Button icon={Pause} onClick={() => void jobs.pause(job.id)}>
              Pause
            </Button>
          ) : null}
          {paused ? (
            <Button variant="primary" icon={Play} onClick={() => void jobs.continue(job.id)}>
              Continue
            </Button>
          ) : null}
          {job.canStop && job.state !== 'queued' ? (
            <Button icon={Square} onClick={() => void jobs.stop(job.id)}>
              Stop and keep
            </Button>
          ) : null}
          <Button variant="quiet" icon={X} onClick={() => void cancel()}>
            Cancel
          </Button>
        </span>
      </div>
      {job.state === 'queued' ? null : (
        <>
          <Now job={job} facts={facts} />
          <div className="train-live">
            <Stages facts={facts} />
            {facts.points.length === 0 ? (
              <p className="muted small train-soon">Curves come with the first epoch of the head.</p>
            ) : (
              <TrainingCurves points={facts.points} />
            )}
          </div>
          {facts.advice.length === 0 || job.project === null ? null : (
            <section className="train-advice" aria-label="What the curves say">
              <AdviceList advice={facts.advice} project={job.project} />
            </section>
          )}
          {facts.warnings.map((warning) => (
            <p key={warning} className="train-warning small">
              {warning}
            </p>
          ))}
        </>
      )}
    </section>
  );
}

function Now({ job, facts }: { readonly job: JobSummary; readonly facts: TrainingFacts }) {
  const { progress } = job;
  const rate = progress?.rate ?? null;
  const eta = progress?.eta ?? null;
  const stage = facts.begun.at(-1);
  // Before and after there are no epochs, and the last one's figures would only puzzle.
  const last = stage === 'head' || stage === 'finetune' ? facts.points.at(-1) : undefined;
  const sofar = facts.best?.accuracy ?? null;
  return (
    <>
      <Progress
        label={doing(progress)}
        done={progress?.done ?? 0}
        total={progress?.total ?? null}
        still={job.state === 'paused'}
      />
      <dl className="train-figures">
        <Figure
          name="Done"
          value={
            progress === null || (progress.total === null && progress.done === 0) ? '–' : amount(progress)
          }
        />
        <Figure
          name="Speed"
          value={rate === null ? '–' : `${count(Math.round(rate * 10) / 10)} ${progress?.unit ?? ''}/s`}
        />
        <Figure name="Left" value={eta === null ? '–' : duration(eta)} />
        <Figure
          name="Epoch"
          value={
            last === undefined
              ? '–'
              : `${last.epoch}${facts.epochs === undefined ? '' : ` of ${facts.epochs}`}`
          }
        />
        <Figure name="Learning rate" value={last === undefined ? '–' : last.learningRate.toPrecision(2)} />
        <Figure name="Best so far" value={sofar === null ? '–' : percent(sofar)} />
      </dl>
    </>
  );
}

/** What is being done, without the folders that logs name. */
function doing(progress: JobProgress | null): string {
  if (progress?.stage === 'export') return 'Writing and checking the model';
  return progress?.message ?? 'Starting';
}

/** "first", "second", "third", "4th": with words as far as queues usually are. */
function ordinal(position: number): string {
  return ['', 'first', 'second', 'third'][position] ?? `${position}th`;
}

function amount({ done, total, unit }: JobProgress): string {
  return total === null ? `${count(done)} ${unit}` : `${count(done)} of ${count(total)} ${unit}`;
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** What is done, what is being done, and what is to come. */
function Stages({ facts: { begun } }: { readonly facts: TrainingFacts }) {
  const now = begun.at(-1);
  // Stages that come later than the present one and were never begun are not sure to come: fine-tuning may be left out.
  const position = stageNames.findIndex(([stage]) => stage === now);
  return (
    <ol className="train-stages">
      {stageNames.map(([stage, name], at) => {
        const is =
          stage === now ? 'now' : begun.includes(stage) ? 'done' : at < position ? 'skipped' : 'later';
        if (is === 'skipped') return null;
        const Icon = is === 'done' ? Check : is === 'now' ? CircleDot : Circle;
        return (
          <li
            key={stage}
            className={classes('train-stage', `train-stage-${is}`)}
            aria-current={is === 'now' ? 'step' : undefined}
          >
            <Icon aria-hidden />
            {name}
            <span className="visually-hidden">
              {is === 'done' ? ', done' : is === 'later' ? ', to come' : ''}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

/** Tells a screen reader how far it is, now and then. */
function useSpoken(job: JobSummary, facts: TrainingFacts): void {
  const { announce } = useApi();
  const latest = useRef({ job, facts });
  useEffect(() => {
    latest.current = { job, facts };
  });
  useEffect(() => {
    const timer = setInterval(() => {
      const { progress, state } = latest.current.job;
      const { best } = latest.current.facts;
      if (state !== 'running' || progress === null) return;
      const left = progress.eta === null ? '' : `, ${duration(progress.eta)} left`;
      const accuracy = best?.accuracy ?? null;
      const good = accuracy === null ? '' : `, right on ${percent(accuracy)} so far`;
      announce(`${doing(progress)}: ${amount(progress)}${left}${good}`);
    }, spokenEvery);
    return () => clearInterval(timer);
  }, [announce]);
}
