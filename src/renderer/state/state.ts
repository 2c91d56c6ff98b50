import type { Action } from './action.ts';
import { noConnection, reduceConnection, type ConnectionState } from './connection.ts';
import { noDialogs, reduceDialogs, type DialogsState } from './dialogs.ts';
import { noExplore, reduceExplore, type ExploreState } from './explore.ts';
import { noJobs, reduceJobs, type JobsState } from './jobs.ts';
import { noJudge, reduceJudge, type JudgeState } from './judge.ts';
import { noLabel, reduceLabel, type LabelState } from './label.ts';
import { noProject, reduceProject, type OpenProject } from './project.ts';
import { noProjects, reduceProjects, type ProjectsState } from './projects.ts';
import { homeRoute, reduceRoute, type Route } from './route.ts';
import { noRuns, reduceRuns, type RunsState } from './runs.ts';
import { noSettings, reduceSettings, type SettingsState } from './settings.ts';
import { noToasts, reduceToasts, type ToastsState } from './toasts.ts';
import { noTrain, reduceTrain, type TrainState } from './train.ts';
import { noUse, reduceUse, type UseState } from './use.ts';

/** The window's whole state: a slice a file, each with its own reducer. */
export interface AppState {
  readonly connection: ConnectionState;
  readonly route: Route;
  readonly projects: ProjectsState;
  readonly project: OpenProject;
  readonly runs: RunsState;
  readonly jobs: JobsState;
  readonly settings: SettingsState;
  readonly toasts: ToastsState;
  readonly dialogs: DialogsState;
  readonly label: LabelState;
  readonly explore: ExploreState;
  readonly train: TrainState;
  readonly judge: JudgeState;
  readonly use: UseState;
}

export const initialState: AppState = {
  connection: noConnection,
  route: homeRoute,
  projects: noProjects,
  project: noProject,
  runs: noRuns,
  jobs: noJobs,
  settings: noSettings,
  toasts: noToasts,
  dialogs: noDialogs,
  label: noLabel,
  explore: noExplore,
  train: noTrain,
  judge: noJudge,
  use: noUse,
};

/** The state after an action; the same object when nothing changes. */
export function reduce(state: AppState, action: Action): AppState {
  const next: AppState = {
    connection: reduceConnection(state.connection, action),
    route: reduceRoute(state.route, action),
    projects: reduceProjects(state.projects, action),
    project: reduceProject(state.project, action),
    runs: reduceRuns(state.runs, action),
    jobs: reduceJobs(state.jobs, action),
    settings: reduceSettings(state.settings, action),
    toasts: reduceToasts(state.toasts, action),
    dialogs: reduceDialogs(state.dialogs, action),
    label: reduceLabel(state.label, action),
    explore: reduceExplore(state.explore, action),
    train: reduceTrain(state.train, action),
    judge: reduceJudge(state.judge, action),
    use: reduceUse(state.use, action),
  };
  return isSame(state, next) ? state : next;
}

function isSame(a: AppState, b: AppState): boolean {
  return Object.entries(a).every(([slice, value]) => Object.is(value, b[slice as keyof AppState]));
}
