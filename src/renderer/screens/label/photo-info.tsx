import { ScanSearch } from 'lucide-react';
import { useCallback } from 'react';
import type { PhotoRow } from '../../../contract/photos.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import type { RunPhoto } from '../../../contract/runs.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { bytes, count, fullTime, percent } from '../../components/format.ts';
import { Badge, Button, ClassChip, ErrorState, Skeleton } from '../../components/ui/index.ts';
import { useAnswer } from '../../components/use-answer.ts';
import { agrees } from '../../state/label-filter.ts';
import { valueOf } from '../../state/loadable.ts';
import './photo-info.css';

interface PhotoInfoProps {
  readonly project: ProjectState;
  readonly photo: string;
  readonly row: PhotoRow | undefined;
  /** What the last run said of it. */
  readonly answer: RunPhoto | undefined;
  readonly colors: ReadonlyMap<string, number>;
  readonly onSimilar: (photo: string) => void;
}

const splits = { train: 'Training', val: 'Validation', test: 'Test' } as const;

/** All that is known of a photo: labels, what runs said, what the camera wrote, where it lies. */
export function PhotoInfo({ project, photo, row, answer, colors, onSimilar }: PhotoInfoProps) {
  const { label } = useActions();
  const ask = useCallback(
    (signal: AbortSignal) => label.details(project.id, photo, signal),
    [label, project.id, photo],
  );
  const { answer: loaded, again } = useAnswer(ask);
  const runs = useAppState((state) => valueOf(state.runs.list));
  const details = valueOf(loaded);
  const number = project.task === 'regression';
  const chip = (name: string) => <ClassChip name={name} color={colors.get(name) ?? 0} />;
  const numberOf = (run: string): string => {
    const number = runs?.find(({ id }) => id === run)?.number;
    return number === undefined ? 'Earlier run' : `Run ${number}`;
  };
  return (
    <div className="photo-info">
      <section>
        <h3>
          {project.task === 'multi-label' ? 'Labels' : project.task === 'regression' ? 'Number' : 'Label'}
        </h3>
        <p className="photo-info-chips">
          {number ? row?.target : null}
          {number ? null : row?.labels.map((name) => <span key={name}>{chip(name)}</span>)}
          {(number ? row?.target === undefined : row?.labels.length === 0) ? (
            <span className="muted">None yet</span>
          ) : null}
          {row?.excluded === true ? <Badge tone="warning">Left out of training</Badge> : null}
          {row?.missing === true ? <Badge tone="problem">File is missing</Badge> : null}
        </p>
      </section>
      {details !== undefined && details.answers.length > 0 ? (
        <section>
          <h3>What models say</h3>
          <dl>
            {details.answers.map((one) => (
              <div key={one.run}>
                <dt>{numberOf(one.run)}</dt>
                <dd>
                  {project.task === 'single-label' ? (
                    <>
                      {chip(one.predicted)} <span className="numeric">{percent(one.confidence)}</span>
                    </>
                  ) : (
                    <span className="numeric">{one.predicted || 'No label'}</span>
                  )}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ) : null}
      {answer !== undefined &&
      row !== undefined &&
      answer.value === undefined &&
      row.labels.length > 0 &&
      !agrees(row, answer) ? (
        <p className="photo-info-note">
          The last model says {answer.predicted || 'none of the labels'}
          {answer.labels === undefined ? `, ${percent(answer.confidence)} sure` : ''}. Look again: either may
          be wrong.
        </p>
      ) : null}
      {loaded.status === 'failed' ? <ErrorState small error={loaded.error} onRetry={again} /> : null}
      <section>
        <h3>Photo</h3>
        <dl>
          <Fact name="Size">
            {row?.width === undefined || row.height === undefined
              ? 'Not known'
              : `${count(row.width)} × ${count(row.height)}`}
          </Fact>
          {row?.takenAt === undefined ? null : <Fact name="Taken">{fullTime(row.takenAt)}</Fact>}
          {row?.split === undefined ? null : <Fact name="Used for">{splits[row.split]}</Fact>}
          {details === undefined ? (
            loaded.status === 'loading' ? (
              <Fact name="File">
                <Skeleton width="80px" />
              </Fact>
            ) : null
          ) : (
            <>
              <Fact name="File">{bytes(details.bytes)}</Fact>
              {details.group === undefined ? null : <Fact name="Group">{details.group}</Fact>}
              {details.facts.map(({ name, value }) => (
                <Fact key={name} name={name}>
                  {value}
                </Fact>
              ))}
            </>
          )}
        </dl>
      </section>
      <section>
        <h3>
          {details !== undefined && details.otherPaths.length > 0 ? 'Lies in several places' : 'Lies at'}
        </h3>
        {[row?.path ?? '', ...(details?.otherPaths ?? [])].map((path) => (
          <p key={path} className="photo-info-path">
            {path}
          </p>
        ))}
      </section>
      <Button icon={ScanSearch} onClick={() => onSimilar(photo)}>
        Find similar photos
      </Button>
    </div>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
