import { Images, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { useAppState, useDispatch } from '../../api/context.tsx';
import { count, percent } from '../../components/format.ts';
import { ConfidenceBar } from '../../components/probability-bars.tsx';
import { ClassSwatch, unknownColor } from '../../components/ui/index.ts';
import type { AnswerChoice, FetchedAnswers } from '../../state/use.ts';
import { useClassColors } from '../judge/use-class-colors.ts';
import type { AnswerCounts } from './answer-list.ts';

interface AnswerKindsProps {
  readonly answers: FetchedAnswers;
  readonly counts: AnswerCounts;
}

/** How many answers there are of each kind; pressing one shows only those. */
export function AnswerKinds({ answers, counts }: AnswerKindsProps) {
  const colors = useClassColors();
  const { choice } = useAppState((state) => state.use);
  const all = answers.rows.length;
  return (
    <div className="use-kinds" role="group" aria-label="Which answers">
      <Kind
        choice={{ kind: 'all' }}
        pressed={choice.kind === 'all'}
        icon={<Images aria-hidden />}
        name="All answers"
        of={all}
      />
      {answers.classes.map((name) => (
        <Kind
          key={name}
          choice={{ kind: 'class', name }}
          pressed={choice.kind === 'class' && choice.name === name}
          icon={<ClassSwatch color={colors.get(name) ?? 0} />}
          name={name}
          of={counts.byClass.get(name) ?? 0}
          all={all}
        />
      ))}
      {answers.task === 'single-label' || counts.unknown > 0 ? (
        <Kind
          choice={{ kind: 'unknown' }}
          pressed={choice.kind === 'unknown'}
          icon={<ClassSwatch color={unknownColor} />}
          name={answers.task === 'single-label' ? 'Unknown' : 'Unlike'}
          of={counts.unknown}
          all={all}
          hint={
            answers.task === 'single-label'
              ? `Less than ${percent(answers.unknownBelow)} sure, or unlike the photos the model learned from.`
              : `Photos unlike those the model learned from: don't trust ${answers.task === 'regression' ? 'their numbers' : 'their labels'}.`
          }
        />
      ) : null}
      {answers.failed.length === 0 ? null : (
        <Kind
          choice={{ kind: 'failed' }}
          pressed={choice.kind === 'failed'}
          icon={<TriangleAlert aria-hidden />}
          name="Not readable"
          of={answers.failed.length}
        />
      )}
    </div>
  );
}

interface KindProps {
  readonly choice: AnswerChoice;
  readonly pressed: boolean;
  readonly icon: ReactNode;
  readonly name: string;
  readonly of: number;
  /** The bar's whole; absent: no bar. */
  readonly all?: number;
  readonly hint?: string;
}

function Kind({ choice, pressed, icon, name, of, all, hint }: KindProps) {
  const dispatch = useDispatch();
  return (
    <button
      type="button"
      className="use-kind"
      aria-pressed={pressed}
      title={hint ?? name}
      onClick={() => dispatch({ type: 'use/chosen', choice: pressed ? { kind: 'all' } : choice })}
    >
      <span className="use-kind-icon">{icon}</span>
      <span className="truncate">{name}</span>
      <span className="numeric muted">{count(of)}</span>
      {all === undefined ? null : (
        <ConfidenceBar value={all === 0 ? 0 : of / all} dim={choice.kind !== 'class'} />
      )}
    </button>
  );
}
