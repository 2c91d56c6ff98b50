import type { Handlers } from '../../contract/server.ts';
import type { Exports } from './exports.ts';
import type { Predictions } from './predictions.ts';

type UseMethod = Extract<keyof Handlers, `predict.${string}` | `export.${string}`>;

/** What a finished run is used for. */
export function useHandlers(predictions: Predictions, exports: Exports): Pick<Handlers, UseMethod> {
  return {
    'predict.start': async ({ project, run, source }) => ({
      job: (await predictions.start(project, run, source)).id,
    }),
    'predict.answers': ({ job, offset, limit }) => predictions.answers(job, offset, limit),
    'predict.table': ({ job }) => predictions.table(job),
    'predict.sort': async ({ job, into }) => ({ job: (await predictions.sort(job, into)).id }),
    'export.formats': async () => exports.formats(),
    'export.start': async ({ project, run, formats, into }) => ({
      job: (await exports.start(project, run, formats, into)).id,
    }),
    'export.result': async ({ job }) => exports.result(job),
  };
}
