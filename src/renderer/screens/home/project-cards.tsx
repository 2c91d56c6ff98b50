import { Ellipsis, FolderX, Images, ListX } from 'lucide-react';
import { coverSize, thumbPath } from '../../../contract/media.ts';
import type { ProjectSummary } from '../../../contract/projects.ts';
import { useActions, useMediaUrl } from '../../api/context.tsx';
import { figure, fullTime, percent, plural, timeAgo } from '../../components/format.ts';
import { Picture } from '../../components/picture.tsx';
import { Badge, IconButton, Menu, Skeleton } from '../../components/ui/index.ts';
import { useNow } from '../../components/use-now.ts';
import { hashOf } from '../../state/route.ts';
import './project-cards.css';

/** Recent projects, last opened first. */
export function ProjectCards({ projects }: { readonly projects: readonly ProjectSummary[] }) {
  const now = useNow();
  return (
    <ul className="cards" aria-label="Recent projects">
      {projects.map((project) => (
        <li key={project.id}>
          <ProjectCard project={project} now={now} />
        </li>
      ))}
    </ul>
  );
}

function ProjectCard({ project, now }: { readonly project: ProjectSummary; readonly now: Date }) {
  const { projects } = useActions();
  const { id, name, folder, openedAt, missing, photos } = project;
  return (
    <article className={missing ? 'card card-missing' : 'card'}>
      <Mosaic project={project} />
      <div className="card-body">
        <div className="card-head">
          <h2 className="card-name">
            {/* The link covers the whole card. */}
            <a href={hashOf({ screen: 'project', project: id, tab: 'label', detail: '' })} title={name}>
              {name}
            </a>
          </h2>
          <Menu
            align="end"
            items={[
              {
                label: 'Take off this list',
                icon: ListX,
                onSelect: () => void projects.forget(id),
              },
            ]}
          >
            <IconButton icon={Ellipsis} size="s" label={`More for ${name}`} className="card-more" />
          </Menu>
        </div>
        <p className="card-folder truncate-start" title={folder}>
          <bdi>{folder}</bdi>
        </p>
        {missing ? (
          <p className="card-missing-words">
            <Badge tone="warning">Folder not found</Badge> Connect its drive or move the folder back.
          </p>
        ) : (
          <p className="card-facts">
            {photos === undefined ? null : <span>{plural(photos, 'photo')}</span>}
            <time dateTime={openedAt} title={fullTime(openedAt)}>
              {timeAgo(openedAt, now)}
            </time>
          </p>
        )}
        {missing ? null : <LastResult project={project} />}
      </div>
    </article>
  );
}

/** How good the last model was on photos it had not seen, as Judge says it. */
function LastResult({ project }: { readonly project: ProjectSummary }) {
  const { lastAccuracy: value, lastTask, lastMae = null } = project;
  if (lastMae !== null)
    return (
      <p className="card-accuracy">
        <span>
          Off by <strong>{figure(lastMae)}</strong> on average
        </span>
      </p>
    );
  if (value === null)
    return (
      <p className="card-accuracy">
        {lastTask === undefined ? 'Not trained yet' : 'Trained, but checked on no photos'}
      </p>
    );
  return (
    <p className="card-accuracy">
      <span>
        <strong>{percent(value)}</strong> {lastTask === 'multi-label' ? 'all labels right' : 'right'}
      </span>
      <svg className="card-bar" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden>
        <rect width={value} height="1" />
      </svg>
    </p>
  );
}

/** A few of the photos: one large, or six small. */
function Mosaic({ project: { id, samples = [], missing } }: { readonly project: ProjectSummary }) {
  const mediaUrl = useMediaUrl();
  if (samples.length === 0 || missing) {
    const Icon = missing ? FolderX : Images;
    return (
      <div className="card-pictures card-no-pictures">
        <Icon aria-hidden />
      </div>
    );
  }
  const shown = samples.length >= 6 ? samples.slice(0, 6) : samples.slice(0, samples.length >= 3 ? 3 : 1);
  return (
    <div className={`card-pictures card-pictures-${shown.length}`}>
      {shown.map((photo) => (
        <Picture key={photo} src={mediaUrl(thumbPath(id, photo, coverSize))} alt="" />
      ))}
    </div>
  );
}

/** Shown while the list is on its way, in the place and size of the real cards. */
export function ProjectCardsSkeleton() {
  return (
    <div role="status" aria-label="Loading projects">
      <div className="cards" aria-hidden>
        {['62%', '48%', '55%'].map((width) => (
          <div key={width} className="card">
            <Skeleton height="auto" />
            <div className="card-body">
              <Skeleton width={width} height="18px" />
              <Skeleton width="90%" height="13px" />
              <Skeleton width="70%" height="13px" />
            </div>
          </div>
        ))}
      </div>
    </div>
  );
}
