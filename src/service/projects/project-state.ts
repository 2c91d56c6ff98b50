import type { Asset } from '../../contract/project.ts';
import type { ProjectState } from '../../contract/projects.ts';
import type { Project } from '../../store/project.ts';
import { shortPath } from '../short-path.ts';
import { classColors } from './palette.ts';
import { isShown } from './photo-rows.ts';

/** What the state says that is not in the project's files. */
export interface Surroundings {
  readonly id: string;
  readonly photoFolder: string;
  /** Why the folder of photos can't be reached. */
  readonly gone: string | undefined;
  readonly holder: string | undefined;
  readonly skipped: number;
  readonly scanProblems: readonly string[];
  readonly revision: number;
  readonly scan: string | undefined;
  readonly lastRun: string | undefined;
}

/** More would not be read. */
const mostProblems = 50;

/** All that the window shows of a project but its photos. */
export function projectState(project: Project, around: Surroundings): ProjectState {
  const { manifest } = project;
  const { counts, labels } = count(project.assets.values(), around);
  const colors = classColors(manifest.classes, manifest.colors);
  return {
    id: around.id,
    name: manifest.name,
    photoFolders: [shortPath(around.photoFolder)],
    folder: shortPath(project.folder),
    task: manifest.task,
    classes: manifest.classes.map((name) => ({
      name,
      color: colors.get(name) ?? 0,
      count: labels.get(name) ?? 0,
    })),
    counts,
    problems: problemsOf(project, around),
    readOnly: around.holder === undefined ? null : { holder: around.holder },
    undo: project.undoable.at(-1)?.description ?? null,
    redo: project.redoable.at(-1)?.description ?? null,
    revision: around.revision,
    scan: around.scan ?? null,
    lastRun: around.lastRun ?? null,
    settings: manifest.settings,
  };
}

function count(
  assets: Iterable<Asset>,
  { gone, skipped }: Surroundings,
): { counts: ProjectState['counts']; labels: Map<string, number> } {
  const labels = new Map<string, number>();
  const counts = { photos: 0, labeled: 0, unlabeled: 0, excluded: 0, missing: 0, skipped };
  for (const asset of assets) {
    if (!isShown(asset)) continue;
    counts.photos += 1;
    if (asset.labels.length > 0 || asset.target !== undefined) counts.labeled += 1;
    if (asset.excluded === true) counts.excluded += 1;
    if (asset.missing === true || gone !== undefined) counts.missing += 1;
    for (const label of asset.labels) labels.set(label, (labels.get(label) ?? 0) + 1);
  }
  counts.unlabeled = counts.photos - counts.labeled;
  return { counts, labels };
}

function problemsOf(project: Project, { gone, scanProblems }: Surroundings): string[] {
  const files = project.problems.map(
    ({ file, line, reason }) => `${file}${line === undefined ? '' : `, line ${line}`}: ${reason}.`,
  );
  const all = [...(gone === undefined ? [] : [gone]), ...files, ...scanProblems];
  const more = all.length - mostProblems;
  return more > 0 ? [...all.slice(0, mostProblems), `And ${more} more.`] : all;
}
