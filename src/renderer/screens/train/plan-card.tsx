import { Cpu, Layers, ListPlus, Play, Timer } from 'lucide-react';
import { memo, useRef, useState } from 'react';
import type { ProjectState } from '../../../contract/projects.ts';
import type { TrainPlan } from '../../../contract/train-settings.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { AdviceList } from '../../components/advice/advice-list.tsx';
import { count } from '../../components/format.ts';
import { useShortcuts } from '../../components/shortcuts.tsx';
import { Button, ErrorState, Kbd, Notice, Skeleton } from '../../components/ui/index.ts';
import { valueOf } from '../../state/loadable.ts';
import { Remedy } from './remedy.tsx';
import { timeInWords } from './plan-words.ts';

interface PlanCardProps {
  readonly project: ProjectState;
  /** A training runs already: this one would wait for it. */
  readonly queued: boolean;
}

/** The button that trains, and what it will do. */
export const PlanCard = memo(function PlanCard({ project, queued }: PlanCardProps) {
  const { train } = useActions();
  const plan = useAppState((state) => state.train.plan);
  const card = useRef<HTMLElement>(null);
  const [starting, setStarting] = useState(false);
  const known = valueOf(plan);
  // While a busy machine works out the first plan nobody has to wait for it: two classes with photos are enough to
  // begin, and the engine says what else is in the way.
  const classes = project.classes.filter(({ count: photos }) => photos > 0).length;
  const ready =
    known === undefined
      ? plan.status === 'loading' && classes > 1 && project.readOnly === null
      : known.obstacles.length === 0;
  const start = async (): Promise<void> => {
    if (!ready || starting) return;
    setStarting(true);
    const started = await train.start();
    setStarting(false);
    // What runs is shown above, which may have been scrolled out of sight.
    if (started) card.current?.closest('.train')?.scrollTo({ top: 0 });
  };
  useShortcuts('Train', [{ keys: 'mod+enter', label: 'Train', run: () => void start() }]);
  return (
    <section ref={card} className="ui-card train-card train-plan" aria-labelledby="train-plan-title">
      <div className="train-plan-head">
        <div>
          <h2 id="train-plan-title">{queued ? 'Train once more' : 'Train'}</h2>
          <p className="muted small">
            {queued
              ? 'It waits until the training above is done.'
              : 'One press. You can close this window: training goes on.'}
          </p>
        </div>
        <Button
          variant={queued ? 'secondary' : 'primary'}
          icon={queued ? ListPlus : Play}
          className={queued ? undefined : 'train-start'}
          busy={starting}
          disabled={!ready}
          onClick={() => void start()}
        >
          {queued ? 'Add to the queue' : 'Train'}
        </Button>
      </div>
      {plan.status === 'failed' ? <ErrorState small error={plan.error} onRetry={train.plan} /> : null}
      {known?.obstacles.map(({ message, action, remedy }) => (
        <Notice key={message} tone="warning" title={message} detail={action}>
          {remedy === undefined ? null : <Remedy remedy={remedy} project={project} plan={known} />}
        </Notice>
      ))}
      {known === undefined && plan.status !== 'failed' ? (
        <div role="status" aria-label="Working out what training would do">
          <Skeleton height="228px" />
        </div>
      ) : null}
      {known !== undefined && ready ? <Plan plan={known} /> : null}
      {known === undefined || known.advice.length === 0 ? null : (
        <AdviceList advice={known.advice} project={project.id} />
      )}
      {known?.warnings.map((warning) => (
        <p key={warning} className="train-warning small">
          {warning}
        </p>
      ))}
      {ready && !queued ? (
        <p className="muted small train-key">
          <Kbd keys="mod+enter" /> starts it from anywhere on this page.
        </p>
      ) : null}
    </section>
  );
});

function Plan({ plan }: { readonly plan: TrainPlan }) {
  const { counts, device, backbone, seconds, steps } = plan;
  return (
    <>
      <dl className="train-facts">
        <div>
          <dt>
            <Timer aria-hidden /> Time
          </dt>
          <dd>
            {timeInWords(plan)}
            {seconds === null ? null : <span className="muted small train-basis">{seconds.basis}</span>}
          </dd>
        </div>
        <div>
          <dt>
            <Layers aria-hidden /> Photos
          </dt>
          <dd>
            {count(counts.train)} to learn from, {count(counts.val)} to check on
            {counts.test > 0 ? `, ${count(counts.test)} for the final test` : ''}
          </dd>
        </div>
        <div>
          <dt>
            <Cpu aria-hidden /> With
          </dt>
          <dd>
            {backbone.name}
            <span className="muted small train-basis">on this device: {device.name}</span>
          </dd>
        </div>
      </dl>
      <ol className="train-steps">
        {steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
    </>
  );
}
