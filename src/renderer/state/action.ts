import type { ConnectionAction } from './connection.ts';
import type { DialogsAction } from './dialogs.ts';
import type { ExploreAction } from './explore.ts';
import type { JobsAction } from './jobs.ts';
import type { JudgeAction } from './judge.ts';
import type { LabelAction } from './label.ts';
import type { ProjectAction } from './project.ts';
import type { ProjectsAction } from './projects.ts';
import type { RouteAction } from './route.ts';
import type { RunsAction } from './runs.ts';
import type { SettingsAction } from './settings.ts';
import type { ToastsAction } from './toasts.ts';
import type { TrainAction } from './train.ts';
import type { UseAction } from './use.ts';

/** Everything that can change the window's state. Every slice sees every action. */
export type Action =
  | ConnectionAction
  | DialogsAction
  | ExploreAction
  | JobsAction
  | JudgeAction
  | LabelAction
  | ProjectAction
  | ProjectsAction
  | RouteAction
  | RunsAction
  | SettingsAction
  | ToastsAction
  | TrainAction
  | UseAction;

export type Dispatch = (action: Action) => void;
