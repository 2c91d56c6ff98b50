import type { RunDetail, RunPhoto } from '../../../contract/runs.ts';
import { settingInfo } from '../../../contract/setting-info.ts';
import type { TrainSettings } from '../../../contract/train-settings.ts';

/** One figure of two runs. */
export interface ComparedFigure {
  readonly name: string;
  readonly before: number | null;
  readonly after: number | null;
  /** More is better, less is, or neither. */
  readonly better: 'more' | 'less' | 'neither';
  readonly kind: 'share' | 'number' | 'seconds';
}

export function compareFigures(before: RunDetail, after: RunDetail): ComparedFigure[] {
  const [a, b] = [before.result?.metrics.val, after.result?.metrics.val];
  const figure = (
    name: string,
    of: (metrics: NonNullable<typeof a>) => number | null | undefined,
    better: ComparedFigure['better'],
    kind: ComparedFigure['kind'],
  ): ComparedFigure => ({
    name,
    before: (a === undefined ? null : of(a)) ?? null,
    after: (b === undefined ? null : of(b)) ?? null,
    better,
    kind,
  });
  return [
    figure('Accuracy', ({ accuracy }) => accuracy, 'more', 'share'),
    figure('Macro-F1', ({ macroF1 }) => macroF1, 'more', 'share'),
    ...(before.result?.task === 'regression' || after.result?.task === 'regression'
      ? [
          figure('Mean distance from the truth', ({ regression }) => regression?.mae, 'less', 'number'),
          figure('RMSE', ({ regression }) => regression?.rmse, 'less', 'number'),
          figure('R²', ({ regression }) => regression?.r2, 'more', 'number'),
        ]
      : []),
    figure('Log loss', ({ logLossCalibrated, logLoss }) => logLossCalibrated ?? logLoss, 'less', 'number'),
    figure('Calibration error', ({ eceCalibrated, ece }) => eceCalibrated ?? ece, 'less', 'share'),
    figure('Photos checked on', ({ count }) => count, 'neither', 'number'),
    {
      name: 'Time',
      before: before.summary.seconds,
      after: after.summary.seconds,
      better: 'less',
      kind: 'seconds',
    },
  ];
}

/** A setting that two runs don't share, in words; "default" where nobody chose. */
export interface ComparedSetting {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

export function compareSettings(before: RunDetail, after: RunDetail): ComparedSetting[] {
  const differing = settingInfo
    .filter(({ key }) => JSON.stringify(before.settings[key]) !== JSON.stringify(after.settings[key]))
    .map(({ key, label }) => ({
      name: label,
      before: inWords(before.settings, key),
      after: inWords(after.settings, key),
    }));
  const facts = [
    ['Backbone that was used', before.result?.backbone, after.result?.backbone],
    ['Recipe that was kept', before.result?.recipe, after.result?.recipe],
    ['Training photos', before.result?.counts.train, after.result?.counts.train],
    ['Classes', before.result?.classes.join(', '), after.result?.classes.join(', ')],
  ] as const;
  return [
    ...differing,
    ...facts
      .filter(([, a, b]) => a !== b)
      .map(([name, a, b]) => ({ name, before: String(a ?? '–'), after: String(b ?? '–') })),
  ];
}

function inWords(settings: TrainSettings, key: keyof TrainSettings): string {
  const value = settings[key];
  if (value === undefined) return 'default';
  return Array.isArray(value) ? value.join(', ') || 'none' : String(value);
}

/** A photo that two runs answer differently. */
export interface ChangedAnswer {
  readonly photo: string;
  readonly path: string;
  readonly truth: string;
  readonly before: string;
  readonly after: string;
  /** Wrong before and right now; right before and wrong now; wrong both times, differently. */
  readonly became: 'right' | 'wrong' | 'otherwise wrong';
}

/** Photos that both runs were checked on and answer differently; those that became wrong first. */
export function changedAnswers(before: readonly RunPhoto[], after: readonly RunPhoto[]): ChangedAnswer[] {
  const known = new Map(before.map((photo) => [photo.photo, photo]));
  const changed = after.flatMap((now): ChangedAnswer[] => {
    const then = known.get(now.photo);
    if (then === undefined || then.predicted === now.predicted) return [];
    const became =
      now.predicted === now.truth ? 'right' : then.predicted === now.truth ? 'wrong' : 'otherwise wrong';
    const { photo, path, truth } = now;
    return [{ photo, path, truth, before: then.predicted, after: now.predicted, became }];
  });
  const order = { wrong: 0, right: 1, 'otherwise wrong': 2 };
  return changed.toSorted((a, b) => order[a.became] - order[b.became]);
}

/** Photos that both runs were checked on. */
export function sharedPhotos(before: readonly RunPhoto[], after: readonly RunPhoto[]): number {
  const known = new Set(before.map(({ photo }) => photo));
  return after.filter(({ photo }) => known.has(photo)).length;
}
