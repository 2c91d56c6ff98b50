import type { ProjectSummary } from '../../contract/projects.ts';
import { fullTime, percent, timeAgo } from './format.ts';

interface ProjectListProps {
  readonly projects: readonly ProjectSummary[];
  readonly now: Date;
  readonly onForget: (id: string) => void;
}

/** Recent projects, last opened first. */
export function ProjectList({ projects, now, onForget }: ProjectListProps) {
  return (
    <ul className="projects" aria-label="Recent projects">
      {projects.map((project) => (
        <ProjectRow key={project.id} project={project} now={now} onForget={onForget} />
      ))}
    </ul>
  );
}

interface ProjectRowProps {
  readonly project: ProjectSummary;
  readonly now: Date;
  readonly onForget: (id: string) => void;
}

function ProjectRow({ project, now, onForget }: ProjectRowProps) {
  const { id, name, folder, openedAt, lastAccuracy, missing } = project;
  return (
    <li className={missing ? 'project project-missing' : 'project'}>
      <div className="project-main">
        <h2 className="project-name">
          {name}
          {missing ? <span className="badge">Folder not found</span> : null}
        </h2>
        <p className="project-folder" title={folder}>
          <bdi>{folder}</bdi>
        </p>
        {missing ? (
          <p className="project-hint">Connect its drive or move the folder back, or take it off the list.</p>
        ) : null}
      </div>
      <dl className="project-facts">
        <div>
          <dt>Accuracy</dt>
          <dd className="project-accuracy">
            {lastAccuracy === null ? (
              <span className="muted">not trained</span>
            ) : (
              <>
                {percent(lastAccuracy)}
                <svg className="accuracy-bar" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
                  <rect width={lastAccuracy} height="1" />
                </svg>
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>Opened</dt>
          <dd>
            <time dateTime={openedAt} title={fullTime(openedAt)}>
              {timeAgo(openedAt, now)}
            </time>
          </dd>
        </div>
      </dl>
      <button
        type="button"
        className="button-quiet"
        aria-label={`Remove ${name} from the list`}
        title="Takes it off this list. The folder is not touched."
        onClick={() => onForget(id)}
      >
        Remove
      </button>
    </li>
  );
}

/** Shown while the list is on its way, in the place and size of the real rows. */
export function ProjectListSkeleton() {
  return (
    <div role="status" aria-label="Loading projects">
      <ul className="projects" aria-hidden="true">
        {[62, 48, 55].map((width) => (
          <li key={width} className="project project-skeleton">
            <svg className="skeleton" width="100%" height="40" preserveAspectRatio="none">
              <rect width={`${width / 2}%`} height="16" rx="4" />
              <rect y="26" width={`${width}%`} height="12" rx="4" />
            </svg>
          </li>
        ))}
      </ul>
    </div>
  );
}
