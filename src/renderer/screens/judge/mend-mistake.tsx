import { EyeOff, Minus, Pencil, Plus } from 'lucide-react';
import type { PhotoRow } from '../../../contract/photos.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import type { Mistake } from '../../../contract/suspects.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { figure, percent } from '../../components/format.ts';
import { Button, ClassChip } from '../../components/ui/index.ts';
import { photoById } from '../../state/photo-table.ts';
import { MendLabel } from './one-photo.tsx';
import { useClassColors } from './use-class-colors.ts';

/** What tells mistakes of one photo apart: with several labels it may have some. */
export const keyOf = (photo: string | number, { label }: Mistake): string => `${photo} ${label?.name ?? ''}`;

/** What was said, and what it rather is. */
export function MistakeWords({ mistake }: { readonly mistake: Mistake }) {
  const colors = useClassColors();
  const { given, suggested, label, number } = mistake;
  const chip = (name: string) => <ClassChip color={colors.get(name) ?? 0} name={name} />;
  if (number !== undefined)
    return (
      <>
        <span className="numeric">{figure(number.given)}</span> <span className="muted">rather</span>{' '}
        <span className="numeric">{figure(number.predicted)}</span>
      </>
    );
  if (label !== undefined)
    return (
      <>
        <span className="muted">{label.seems === 'missing' ? 'rather has' : 'rather lacks'}</span>{' '}
        {chip(label.name)} <span className="muted numeric">{percent(label.confidence)} sure</span>
      </>
    );
  return (
    <>
      {chip(given)} <span className="muted">rather</span> {chip(suggested)}
    </>
  );
}

interface MendMistakeProps {
  readonly project: ProjectState;
  readonly photo: string;
  readonly mistake: Mistake;
}

/** Mends what was said of a photo, or leaves the photo out of training. */
export function MendMistake({ project, photo, mistake }: MendMistakeProps) {
  const { label: actions, judge, navigation } = useActions();
  const row = useAppState((state) => photoById(state.project.photos, photo));
  const { label, number, suggested } = mistake;
  if (label === undefined && number === undefined)
    return <MendLabel project={project} photo={photo} suggested={suggested} />;
  const disabled = project.readOnly !== null || row === undefined;
  const missing = label?.seems === 'missing';
  return (
    <span className="judge-mend">
      {label === undefined ? (
        <Button size="s" icon={Pencil} disabled={disabled} onClick={() => navigation.tab('label', photo)}>
          Look and mend
        </Button>
      ) : (
        <Button
          size="s"
          icon={missing ? Plus : Minus}
          className="judge-mend-suggested"
          title={label.name}
          disabled={disabled || isMended(row, mistake)}
          onClick={() => {
            void actions.mark(project.id, [photo], label.name, missing);
            judge.mended();
          }}
        >
          {missing ? 'Add' : 'Remove'} {label.name}
        </Button>
      )}
      <Button
        size="s"
        variant="quiet"
        icon={EyeOff}
        disabled={disabled}
        onClick={() => {
          void actions.exclude(project.id, [photo], row?.excluded !== true);
          judge.mended();
        }}
      >
        {row?.excluded === true ? 'Take back' : 'Leave out'}
      </Button>
    </span>
  );
}

/** Whether a photo is no longer said to be what was doubted. */
export function isMended(
  row: Pick<PhotoRow, 'labels' | 'target'> | undefined,
  { given, label, number }: Mistake,
): boolean {
  if (row === undefined) return false;
  if (number !== undefined) return row.target !== number.given;
  if (label !== undefined) return row.labels.includes(label.name) === (label.seems === 'missing');
  return !row.labels.includes(given);
}

/** What a photo is said to be now, where it was mended. */
export function saidNow(row: Pick<PhotoRow, 'labels' | 'target'>, { label, number }: Mistake): string {
  if (number !== undefined) return row.target === undefined ? 'no number' : figure(row.target);
  if (label !== undefined) return label.seems === 'missing' ? `has ${label.name}` : `lacks ${label.name}`;
  return row.labels[0] ?? 'no label';
}
