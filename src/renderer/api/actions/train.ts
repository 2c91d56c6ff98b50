import { toErrorShape } from '../../../contract/errors.ts';
import { recalled, remembered } from '../../../contract/train-history.ts';
import { trainSettingsSchema, type TrainSettings } from '../../../contract/train-settings.ts';
import { withSettings } from '../../state/train.ts';
import type { Api } from '../api.ts';

/** Under which the project remembers what was chosen. */
const memory = 'training';
/** Typing makes many changes; the engine is asked after so many milliseconds of quiet. */
const quiet = 250;

/** What the screen "Train" can do. */
export function trainActions(api: Api) {
  const { call, dispatch, getState } = api;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking: AbortController | undefined;
  /** What the plan is for. */
  let planned: readonly unknown[] | undefined;

  const plan = async (): Promise<void> => {
    const { project, settings } = getState().train;
    if (project === undefined) return;
    asking?.abort();
    const mine = new AbortController();
    asking = mine;
    dispatch({ type: 'train/planning' });
    try {
      const answer = await call('train.plan', { project, settings }, { signal: mine.signal });
      if (asking === mine) dispatch({ type: 'train/planned', plan: answer });
    } catch (error) {
      if (asking === mine) dispatch({ type: 'train/plan-failed', error: toErrorShape(error) });
    }
  };
  const planSoon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void plan(), quiet);
  };

  const choose = (changes: Partial<TrainSettings>): void => {
    const { project, settings: before } = getState().train;
    if (project === undefined) return;
    const settings = withSettings(before, changes);
    dispatch({ type: 'train/chosen', settings });
    planSoon();
    // Of a project that is open for reading only nothing can be remembered, and nothing has to be said about that.
    call('projects.changeSettings', { project, settings: { [memory]: remembered(settings) } }).then(
      (state) => dispatch({ type: 'project/changed', state }),
      () => undefined,
    );
  };

  return {
    /** The screen is shown for a project: takes up what was chosen last time. */
    enter: (project: string): void => {
      const { state } = getState().project;
      const saved = state.status === 'ready' ? state.value.settings[memory] : undefined;
      // What an older or newer version remembered and this one doesn't understand is left out.
      const settings = trainSettingsSchema.safeParse(recalled(saved)).data ?? {};
      dispatch({ type: 'train/entered', project, settings });
      void plan();
    },
    plan: (): void => void plan(),
    /** These decide what a training does and takes: labels, earlier runs, models. Plans anew when one has changed. */
    planFor: (...basis: readonly unknown[]): void => {
      // What was not known yet has not changed.
      if (planned?.some((part, at) => part !== undefined && part !== basis[at]) === true) planSoon();
      planned = basis;
    },
    /** Changes settings; undefined leaves one to its default. Remembered in the project. */
    choose,
    /** Leaves every setting to its default again. */
    reset: (): void =>
      choose(Object.fromEntries(Object.keys(getState().train.settings).map((key) => [key, undefined]))),
    /** Starts a training with what is chosen, or queues it. @returns whether it was */
    start: async (): Promise<boolean> => {
      const { project, settings } = getState().train;
      if (project === undefined) return false;
      const started = await api.attempt(call('train.start', { project, settings }));
      if (started !== undefined) api.announce('Training has begun.');
      return started !== undefined;
    },
  };
}
