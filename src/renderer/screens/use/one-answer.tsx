import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useEffect, useEffectEvent } from 'react';
import { doubtOf } from '../../../contract/doubt.ts';
import { answerPath, answerPhotoPath } from '../../../contract/media.ts';
import type { Answer } from '../../../contract/use.ts';
import { useMediaUrl } from '../../api/context.tsx';
import { percent } from '../../components/format.ts';
import { PhotoView } from '../../components/photos/index.ts';
import { ProbabilityBars } from '../../components/probability-bars.tsx';
import { Dialog, IconButton } from '../../components/ui/index.ts';
import type { FetchedAnswers } from '../../state/use.ts';
import { useClassColors } from '../judge/use-class-colors.ts';
import { likeliest, nameOf, wordsOf } from './answer-list.ts';

interface OneAnswerProps {
  readonly answers: FetchedAnswers;
  readonly answer: Answer;
  /** What it is one of, in the order that is shown. */
  readonly list: readonly Answer[];
  readonly onLook: (index: number) => void;
  readonly onClose: () => void;
}

/** The answer in a sentence. */
function describe(answer: Answer, unknownBelow: number): string {
  const { label, labels, value, confidence, unknown, unlike } = answer;
  if (value !== undefined || labels !== undefined) {
    const said = value === undefined ? 'The model gives it: ' : 'The model says ';
    return `${said}${wordsOf(answer)}.${unknown ? ` But it is ${doubtOf(answer)}.` : ''}`;
  }
  if (unlike === true)
    return `Unknown: most like ${label}, ${percent(confidence)} sure, but unlike the photos the model learned from.`;
  return unknown
    ? `Unknown: most like ${label}, but only ${percent(confidence)} sure. Below ${percent(unknownBelow)} it does not count.`
    : `${label}, ${percent(confidence)} sure.`;
}

/** One photo, and how likely the model takes it for each class. */
export function OneAnswer({ answers, answer, list, onLook, onClose }: OneAnswerProps) {
  const mediaUrl = useMediaUrl();
  const colors = useClassColors();
  const { index, path, probabilities } = answer;
  const at = list.indexOf(answer);
  const [before, after] = [at > 0 ? list[at - 1] : undefined, at < 0 ? undefined : list[at + 1]];
  const go = (to: Answer | undefined): void => {
    if (to !== undefined) onLook(to.index);
  };
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (event.key === 'ArrowLeft') go(before);
    else if (event.key === 'ArrowRight') go(after);
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => press(event);
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, []);
  return (
    <Dialog
      open
      size="l"
      onClose={onClose}
      title={nameOf(path)}
      description={describe(answer, answers.unknownBelow)}
      actions={
        <>
          <span className="use-one-path muted small truncate-start" title={path}>
            <bdi>{path}</bdi>
          </span>
          <IconButton
            icon={ChevronLeft}
            label="The photo before"
            keys="arrowleft"
            disabled={before === undefined}
            onClick={() => go(before)}
          />
          <IconButton
            icon={ChevronRight}
            label="The next photo"
            keys="arrowright"
            disabled={after === undefined}
            onClick={() => go(after)}
          />
        </>
      }
    >
      <div className="use-one">
        <div className="use-one-photo">
          <PhotoView
            key={index}
            src={mediaUrl(answerPhotoPath(answers.job, index))}
            preview={mediaUrl(answerPath(answers.job, index))}
            alt={nameOf(path)}
          />
        </div>
        {answer.value === undefined ? (
          <div className="use-one-bars" tabIndex={0} role="region" aria-label="All classes">
            <ProbabilityBars
              label="How likely each class is"
              classes={likeliest(answers.classes, probabilities).map((one) => ({
                ...one,
                color: colors.get(one.name) ?? 0,
              }))}
            />
          </div>
        ) : (
          <p className="use-title numeric">{wordsOf(answer)}</p>
        )}
      </div>
    </Dialog>
  );
}
