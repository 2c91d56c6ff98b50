import { Check, ListOrdered } from 'lucide-react';
import { useMemo, useState, type ReactNode } from 'react';
import type { Exploration } from '../../../contract/explore.ts';
import { thumbPath } from '../../../contract/media.ts';
import { oddFactWords } from '../../../contract/odd-fact.ts';
import type { PhotoRow } from '../../../contract/photos.ts';
import type { Task } from '../../../contract/project.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import { useActions, useAppState, useMediaUrl } from '../../api/context.tsx';
import { figure, plural } from '../../components/format.ts';
import { Badge, Button, EmptyState, ToggleGroup } from '../../components/ui/index.ts';
import { photoById } from '../../state/photo-table.ts';
import { keyOf, MendMistake, MistakeWords } from '../judge/mend-mistake.tsx';

interface ListProps {
  readonly project: ProjectState;
  readonly found: Exploration;
}

/** What makes a photo odd. */
type OddBy = 'both' | 'content';

/** Longer lists are not looked through in one go. */
const most = 100;

/** Photos that belong least, to be left out where they should not be here. */
export function OddPhotos({ project, found }: ListProps) {
  const [by, setBy] = useState<OddBy>('both');
  const shown = useMemo(
    () =>
      by === 'both'
        ? found.anomalies
        : found.anomalies.toSorted((a, b) => (b.content ?? b.score) - (a.content ?? a.score)),
    [found.anomalies, by],
  );
  return (
    <>
      <p className="muted small">
        {by === 'both'
          ? 'Photos least like the others by what they show and by their files, oddest first.'
          : 'Photos least like the others by what they show, oddest first.'}{' '}
        Leave out what should not be here.
      </p>
      {/* Where files differ for good reasons they would fill the list. */}
      {found.anomalies.some(({ reason, content }) => reason !== undefined && content !== undefined) ? (
        <ToggleGroup
          compact
          label="Odd by"
          value={by}
          options={[
            { value: 'both', label: 'Content and file' },
            { value: 'content', label: 'Content alone' },
          ]}
          onChange={setBy}
        />
      ) : null}
      <ul className="explore-list">
        {shown.slice(0, most).map(({ photo, reason }) => (
          <Row
            key={photo}
            project={project}
            photo={found.photos[photo] ?? ''}
            reason={reason && oddFactWords(reason)}
          >
            <LeaveOut project={project} photo={found.photos[photo] ?? ''} />
          </Row>
        ))}
      </ul>
    </>
  );
}

/** Versions of one shot: one of them is enough to learn from. */
export function Copies({ project, found }: ListProps) {
  const { label } = useActions();
  if (found.duplicates.length === 0)
    return (
      <EmptyState small icon={Check} title="No copies found">
        No two photos are versions of one shot.
      </EmptyState>
    );
  return (
    <>
      <p className="muted small">
        Versions of one shot, the likest first. They stay together when photos are divided for training.
      </p>
      <ul className="explore-list">
        {found.duplicates.slice(0, most).map(({ photos }) => {
          const ids = photos.map((photo) => found.photos[photo] ?? '');
          return (
            <li key={ids[0]} className="explore-copies">
              <ul aria-label={plural(ids.length, 'version')}>
                {ids.map((photo) => (
                  <Row key={photo} project={project} photo={photo}>
                    <LeaveOut project={project} photo={photo} />
                  </Row>
                ))}
              </ul>
              <Button
                size="s"
                disabled={project.readOnly !== null}
                onClick={() => void label.exclude(project.id, ids.slice(1), true)}
              >
                Keep only the first
              </Button>
            </li>
          );
        })}
      </ul>
    </>
  );
}

/** What it takes to say which labels (or numbers) are likely wrong. */
const fewest: Readonly<Record<Task, string>> = {
  'single-label': 'five of each of two classes',
  'multi-label': 'five photos with a label and five without',
  regression: 'ten',
};

/** Labels that models which had not seen the photo disagree with. */
export function LabelErrors({ project, found }: ListProps) {
  const what = project.task === 'regression' ? 'number' : 'label';
  if (found.labelErrors.length === 0)
    return (
      <EmptyState small icon={Check} title={`No ${what} looks wrong`}>
        Either no {what} stands out, or there are too few {what}s to tell: {fewest[project.task]} are the
        least.
      </EmptyState>
    );
  return (
    <>
      <p className="muted small">
        {project.task === 'regression' ? 'Numbers' : 'Labels'} that are likely wrong, the likeliest first.
        Mend what is; leave the rest.
      </p>
      <ul className="explore-list">
        {found.labelErrors.slice(0, most).map((mistake) => (
          <Row
            key={keyOf(mistake.photo, mistake)}
            project={project}
            photo={found.photos[mistake.photo] ?? ''}
            note={<MistakeWords mistake={mistake} />}
          >
            <MendMistake project={project} photo={found.photos[mistake.photo] ?? ''} mistake={mistake} />
          </Row>
        ))}
      </ul>
    </>
  );
}

function nextWords(task: Task, { nextBy }: Exploration): string {
  if (task === 'regression')
    return 'Photos without a number that stand for most others. A model of numbers does not say how unsure it is, so they are chosen to be different from those that have one, and from each other.';
  const first = 'Photos without a label that would teach a model most: they stand for many others';
  return nextBy === 'diversity'
    ? `${first}. There are too few labels yet to tell what a model is unsure of.`
    : `${first}, or it is unsure of them.`;
}

/** Photos whose labels would tell most, which the screen Label puts first. */
export function LabelNext({ project, found }: ListProps) {
  const { label, navigation } = useActions();
  if (found.next.length === 0)
    return (
      <EmptyState
        small
        icon={Check}
        title={project.task === 'regression' ? 'Every photo has a number' : 'Every photo has a label'}
      >
        There is nothing left to label.
      </EmptyState>
    );
  const go = (): void => {
    label.labelNext(
      project.id,
      new Map(found.next.map(({ photo, score }) => [found.photos[photo] ?? '', score])),
    );
    navigation.detail('');
  };
  return (
    <>
      <p className="muted small">{nextWords(project.task, found)}</p>
      <p>
        <Button variant="primary" icon={ListOrdered} onClick={go}>
          Label these next
        </Button>
      </p>
      <ul className="explore-list">
        {found.next.slice(0, most).map(({ photo }) => (
          <Row key={photo} project={project} photo={found.photos[photo] ?? ''} />
        ))}
      </ul>
    </>
  );
}

function saidOf(row: PhotoRow | undefined, task: Task): string {
  if (task === 'regression') return row?.target === undefined ? 'no number' : figure(row.target);
  return row?.labels.join(', ') || 'no label';
}

interface RowProps {
  readonly project: ProjectState;
  readonly photo: string;
  readonly note?: ReactNode;
  /** Why the photo is in the list. */
  readonly reason?: string | undefined;
  readonly children?: ReactNode;
}

function Row({ project, photo, note, reason, children }: RowProps) {
  const mediaUrl = useMediaUrl();
  const { navigation } = useActions();
  const row = useAppState((state) => photoById(state.project.photos, photo));
  const path = row?.path ?? 'a photo that is gone';
  const name = path.slice(path.lastIndexOf('/') + 1);
  return (
    <li className="explore-row">
      <button
        type="button"
        className="explore-look"
        aria-label={`Look at ${name}`}
        onClick={() => navigation.detail(photo)}
      >
        <img src={mediaUrl(thumbPath(project.id, photo, 128))} alt="" width="56" height="56" loading="lazy" />
      </button>
      <div className="explore-row-text">
        <span className="truncate" title={path}>
          {name}
        </span>
        <span className="small truncate">
          {note ?? <span className="muted">{saidOf(row, project.task)}</span>}
        </span>
        {reason === undefined ? null : <span className="explore-row-reason small muted">{reason}</span>}
      </div>
      {row?.excluded === true ? <Badge>left out</Badge> : null}
      {children}
    </li>
  );
}

function LeaveOut({ project, photo }: { readonly project: ProjectState; readonly photo: string }) {
  const { label } = useActions();
  const out = useAppState((state) => photoById(state.project.photos, photo)?.excluded === true);
  return (
    <Button
      size="s"
      disabled={project.readOnly !== null}
      onClick={() => void label.exclude(project.id, [photo], !out)}
    >
      {out ? 'Take back' : 'Leave out'}
    </Button>
  );
}
