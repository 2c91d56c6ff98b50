import { Check } from 'lucide-react';
import { useEffect } from 'react';
import { thumbPath } from '../../../contract/media.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import type { Suspect } from '../../../contract/suspects.ts';
import { useActions, useAppState, useMediaUrl } from '../../api/context.tsx';
import { plural } from '../../components/format.ts';
import { Badge, ClassChip, EmptyState, ErrorState, Skeleton } from '../../components/ui/index.ts';
import { photoById } from '../../state/photo-table.ts';
import { isMended, keyOf, MendMistake, MistakeWords, saidNow } from './mend-mistake.tsx';
import { useClassColors } from './use-class-colors.ts';

/** So many are shown at first: the most likely errors are at the top. */
const most = 200;

/** Photos whose labels are probably wrong, to be mended on the spot. */
export function SuspectsPage({ project, run }: { readonly project: ProjectState; readonly run: string }) {
  const { runs } = useActions();
  useEffect(() => void runs.suspects(project.id, run), [runs, project.id, run]);
  const suspects = useAppState((state) => state.runs.suspects.get(run)) ?? { status: 'idle' };
  if (suspects.status === 'failed')
    return <ErrorState error={suspects.error} onRetry={() => void runs.suspects(project.id, run, true)} />;
  if (suspects.status !== 'ready')
    return (
      <div className="judge-suspects" role="status" aria-label="Loading the likely label errors">
        {Array.from({ length: 5 }, (_, at) => (
          <Skeleton key={at} height="100px" />
        ))}
      </div>
    );
  const what = project.task === 'regression' ? 'number' : 'label';
  if (suspects.value.length === 0)
    return (
      <EmptyState small icon={Check} title={`No ${what} looks wrong`}>
        {project.task === 'single-label'
          ? 'Models that had not seen a photo agreed with its label, or were not sure enough to say otherwise.'
          : `Models that had not seen a photo agreed with its ${what}s, or there were too few photos to tell. Runs of older versions did not look.`}
      </EmptyState>
    );
  return (
    <div className="judge-suspects">
      <p className="muted small">
        {plural(suspects.value.length, what)} that models which had not seen the photo disagree with, the most
        likely errors first. Mend what is wrong; leave the rest.
      </p>
      <ul>
        {suspects.value.slice(0, most).map((suspect) => (
          <SuspectRow key={keyOf(suspect.photo, suspect)} project={project} suspect={suspect} />
        ))}
      </ul>
      {suspects.value.length > most ? (
        <p className="muted small">{plural(suspects.value.length - most, 'more')} that are less likely.</p>
      ) : null}
    </div>
  );
}

function SuspectRow({ project, suspect }: { readonly project: ProjectState; readonly suspect: Suspect }) {
  const mediaUrl = useMediaUrl();
  const colors = useClassColors();
  const { navigation } = useActions();
  const row = useAppState((state) => photoById(state.project.photos, suspect.photo));
  const { photo, path, given, suggested, label, number } = suspect;
  const done = row !== undefined && (row.excluded === true || isMended(row, suspect));
  const name = path.slice(path.lastIndexOf('/') + 1);
  return (
    <li className="judge-suspect">
      <button
        type="button"
        className="judge-suspect-photo"
        aria-label={`Look at ${name}`}
        onClick={() => navigation.tab('label', photo)}
      >
        <img
          src={mediaUrl(thumbPath(project.id, photo, 256))}
          alt=""
          width="112"
          height="84"
          loading="lazy"
        />
      </button>
      <div className="judge-suspect-text">
        <p className="truncate" title={path}>
          {name}
        </p>
        {label === undefined && number === undefined ? (
          <>
            <p className="judge-suspect-labels small">
              <span className="muted">labelled</span>{' '}
              <ClassChip color={colors.get(given) ?? 0} name={given} />
            </p>
            <p className="judge-suspect-labels small">
              <span className="muted">looks like</span>{' '}
              <ClassChip color={colors.get(suggested) ?? 0} name={suggested} />
            </p>
          </>
        ) : (
          <p className="judge-suspect-labels small">
            <MistakeWords mistake={suspect} />
          </p>
        )}
      </div>
      {done ? <Badge tone="good">{row.excluded === true ? 'left out' : saidNow(row, suspect)}</Badge> : null}
      <MendMistake project={project} photo={photo} mistake={suspect} />
    </li>
  );
}
