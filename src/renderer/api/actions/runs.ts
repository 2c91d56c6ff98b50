import { toErrorShape } from '../../../contract/errors.ts';
import type { RunPart } from '../../state/runs.ts';
import type { Api } from '../api.ts';

/** What was learned, for all screens that look at runs. */
export function runActions(api: Api) {
  const { call, dispatch } = api;

  /** Fetches a part of a run unless it is there or on its way; `again`: in any case. */
  const part = async (project: string, run: string, part: RunPart, again = false): Promise<void> => {
    const now = api.getState().runs[part].get(run)?.status;
    if (!again && (now === 'ready' || now === 'loading')) return;
    dispatch({ type: 'runs/part-loading', project, run, part });
    try {
      const input = { project, run };
      const about = { type: 'runs/part-loaded', ...input } as const;
      if (part === 'details') dispatch({ ...about, part, value: await call('runs.get', input) });
      else if (part === 'photos') dispatch({ ...about, part, value: await call('runs.photos', input) });
      else if (part === 'suspects') dispatch({ ...about, part, value: await call('runs.suspects', input) });
      else dispatch({ ...about, part, value: await call('landscape.get', input) });
    } catch (error) {
      dispatch({ type: 'runs/part-failed', project, run, part, error: toErrorShape(error) });
    }
  };
  return {
    details: (project: string, run: string, again = false) => part(project, run, 'details', again),
    photos: (project: string, run: string, again = false) => part(project, run, 'photos', again),
    suspects: (project: string, run: string, again = false) => part(project, run, 'suspects', again),
    landscape: (project: string, run: string, again = false) => part(project, run, 'landscape', again),
    /** Begins to measure the loss around a run's model, and with `to` on the way to another's. @returns whether it has */
    measureLandscape: async (project: string, run: string, to?: string): Promise<boolean> => {
      const asked = { project, run, ...(to === undefined ? {} : { to }) };
      return (await api.attempt(call('landscape.start', asked))) !== undefined;
    },
    remove: async (project: string, run: string): Promise<void> => {
      const runs = await api.attempt(call('runs.remove', { project, run }));
      if (runs !== undefined) dispatch({ type: 'runs/loaded', project, runs });
    },
    /** Saves the run's report as one HTML file. */
    saveReport: async (project: string, run: string): Promise<void> => {
      const report = await api.attempt(call('runs.report', { project, run }));
      if (report !== undefined) await api.attempt(api.host.save(report.download, report.name));
    },
  };
}
