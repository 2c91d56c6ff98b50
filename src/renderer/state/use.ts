import type { ErrorShape } from '../../contract/errors.ts';
import type { Task } from '../../contract/project.ts';
import type { Answer, Answers } from '../../contract/use.ts';
import type { Action } from './action.ts';

export const usePages = ['photos', 'camera', 'export'] as const;
export type UsePage = (typeof usePages)[number];

/** Which answers are shown: those of one class are surely of it. */
export type AnswerChoice =
  { readonly kind: 'all' | 'unknown' | 'failed' } | { readonly kind: 'class'; readonly name: string };

/** `asked` is the order in which they were answered. */
export const answerOrders = ['asked', 'name', 'least', 'most'] as const;
export type AnswerOrder = (typeof answerOrders)[number];

/** What a prediction job has answered so far, as far as it was fetched. */
export interface FetchedAnswers {
  readonly job: string;
  readonly task: Task;
  readonly classes: readonly string[];
  readonly unknownBelow: number;
  /** Without gaps, from the first. */
  readonly rows: readonly Answer[];
  readonly failed: Answers['failed'];
  /** How many there were when they were last asked for. */
  readonly total: number;
  /** What comparing all photos has shown, once they are. */
  readonly novelty: Answers['novelty'];
}

/** What the screen "Use" alone knows. */
export interface UseState {
  /** Whose state this is; everything else starts anew with another project. */
  readonly project: string | undefined;
  readonly page: UsePage;
  /** The prediction job that is shown; undefined: the newest; null: none, other photos are to be chosen. */
  readonly job: string | null | undefined;
  /** Which run answered, of the jobs that were started in this window. */
  readonly runs: ReadonlyMap<string, string>;
  readonly answers: FetchedAnswers | undefined;
  /** Why no more could be fetched. */
  readonly error: ErrorShape | undefined;
  readonly view: 'grid' | 'table';
  readonly choice: AnswerChoice;
  readonly order: AnswerOrder;
  readonly search: string;
  /** The answer that is looked at: its index. */
  readonly looked: number | undefined;
}

export type UseAction =
  | { readonly type: 'use/entered'; readonly project: string }
  | { readonly type: 'use/page'; readonly page: UsePage }
  | { readonly type: 'use/started'; readonly project: string; readonly job: string; readonly run: string }
  /** Another job's answers, or with null none. */
  | { readonly type: 'use/shown'; readonly job: string | null }
  | { readonly type: 'use/answered'; readonly page: Answers }
  | { readonly type: 'use/failed'; readonly job: string; readonly error: ErrorShape }
  | { readonly type: 'use/view'; readonly view: UseState['view'] }
  | { readonly type: 'use/chosen'; readonly choice: AnswerChoice }
  | { readonly type: 'use/ordered'; readonly order: AnswerOrder }
  | { readonly type: 'use/searched'; readonly search: string }
  | { readonly type: 'use/looked'; readonly index: number | undefined };

const everything = { choice: { kind: 'all' }, search: '', looked: undefined } as const;

export const noUse: UseState = {
  project: undefined,
  page: 'photos',
  job: undefined,
  runs: new Map(),
  answers: undefined,
  error: undefined,
  view: 'grid',
  order: 'asked',
  ...everything,
};

export function reduceUse(state: UseState, action: Action): UseState {
  switch (action.type) {
    case 'use/entered':
      return action.project === state.project ? state : { ...noUse, project: action.project };
    case 'use/page':
      return { ...state, page: action.page, looked: undefined };
    case 'use/started': {
      if (action.project !== state.project) return state;
      const runs = new Map(state.runs).set(action.job, action.run);
      return { ...state, ...everything, page: 'photos', job: action.job, runs, error: undefined };
    }
    case 'use/shown':
      return { ...state, ...everything, job: action.job, error: undefined };
    case 'use/answered':
      return withPage(state, action.page);
    case 'use/failed':
      return { ...state, error: action.error };
    case 'use/view':
      return { ...state, view: action.view };
    case 'use/chosen':
      return { ...state, choice: action.choice };
    case 'use/ordered':
      return { ...state, order: action.order };
    case 'use/searched':
      return { ...state, search: action.search };
    case 'use/looked':
      return { ...state, looked: action.index };
    case 'project/closed':
      return noUse;
    default:
      return state;
  }
}

/** Adds what was not there yet, and takes what is there anew; a page that leaves a gap adds no answer. */
function withPage(state: UseState, page: Answers): UseState {
  const before = state.answers?.job === page.job ? state.answers : undefined;
  const rows = before?.rows ?? [];
  const [first] = page.answers;
  const fits = first !== undefined && first.index <= rows.length;
  return {
    ...state,
    error: undefined,
    answers: {
      job: page.job,
      task: page.task ?? 'single-label',
      classes: before?.classes ?? page.classes,
      unknownBelow: page.unknownBelow,
      rows: fits
        ? [...rows.slice(0, first.index), ...page.answers, ...rows.slice(first.index + page.answers.length)]
        : rows,
      failed: page.failed.length === before?.failed.length ? before.failed : page.failed,
      total: Math.max(page.total, before?.total ?? 0),
      novelty: page.novelty ?? before?.novelty,
    },
  };
}
