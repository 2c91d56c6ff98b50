import type { LastResult, ProjectState } from '../../contract/projects.ts';
import type { Asset } from '../../contract/project.ts';
import type { Project } from '../../store/project.ts';

/** A project that is open in this engine. */
export interface OpenProject {
  readonly id: string;
  /** Absolute: where its own files (labels, runs/, models/) are. */
  readonly folder: string;
  /** Absolute: where its photos lie. */
  readonly photoFolder: string;
  readonly project: Project;
  /** Somebody else writes it. */
  readonly readOnly: boolean;
  state(): ProjectState;
  /** @throws HolotypeError('not-found') */
  asset(photo: string): Asset;
}

/** The projects that windows have open. */
export interface OpenProjects {
  /** @throws HolotypeError('not-found') when it is not open: it has to be opened (again) first */
  get(id: string): OpenProject;
  /**
   * Tells windows the project's new state, and the list of recent projects what became of its last run.
   *
   * @param run the newest finished one; null: there is none any more
   * @param last how good it is
   */
  runFinished(id: string, run: string | null, last: LastResult | null): Promise<void>;
  /** Tells windows that the project's state is another one now. */
  changed(id: string): void;
  close(): Promise<void>;
}
