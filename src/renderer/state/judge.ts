import type { Action } from './action.ts';

export const judgePages = ['results', 'photos', 'suspects', 'landscape', 'compare'] as const;
export type JudgePage = (typeof judgePages)[number];

/** Photos that a run did not learn from: those it was checked on, or those of the final test. */
export type CheckedOn = 'val' | 'test';

/** Which of the photos a run was checked on are shown. */
export type PhotoChoice =
  | { readonly kind: 'mistakes' | 'uncertain' | 'all' }
  /** Behind a cell of the confusion matrix. */
  | { readonly kind: 'cell'; readonly truth: string; readonly predicted: string; readonly on: CheckedOn };

/** What the screen "Judge" alone knows. */
export interface JudgeState {
  /** Whose state this is; everything else starts anew with another project. */
  readonly project: string | undefined;
  readonly page: JudgePage;
  readonly choice: PhotoChoice;
  /** The run that the shown one is compared with. */
  readonly other: string | undefined;
  /** The photo that is looked at. */
  readonly photo: string | undefined;
  /** Labels were mended here: training again would make use of it. */
  readonly mended: number;
}

export type JudgeAction =
  | { readonly type: 'judge/entered'; readonly project: string }
  | { readonly type: 'judge/page'; readonly page: JudgePage }
  | { readonly type: 'judge/chosen'; readonly choice: PhotoChoice }
  | { readonly type: 'judge/compared'; readonly other: string | undefined }
  | { readonly type: 'judge/looked'; readonly photo: string | undefined }
  | { readonly type: 'judge/mended' };

export const noJudge: JudgeState = {
  project: undefined,
  page: 'results',
  choice: { kind: 'mistakes' },
  other: undefined,
  photo: undefined,
  mended: 0,
};

export function reduceJudge(state: JudgeState, action: Action): JudgeState {
  switch (action.type) {
    case 'judge/entered':
      return action.project === state.project ? state : { ...noJudge, project: action.project };
    case 'judge/page':
      return { ...state, page: action.page, photo: undefined };
    case 'judge/chosen':
      return { ...state, page: 'photos', choice: action.choice, photo: undefined };
    case 'judge/compared':
      return { ...state, page: 'compare', other: action.other, photo: undefined };
    case 'judge/looked':
      return { ...state, photo: action.photo };
    case 'judge/mended':
      return { ...state, mended: state.mended + 1 };
    // A training has begun: what was mended is being made use of.
    case 'jobs/changed':
      return state.mended > 0 && action.job.kind === 'train' && action.job.state === 'queued'
        ? { ...state, mended: 0 }
        : state;
    case 'project/closed':
      return noJudge;
    default:
      return state;
  }
}
