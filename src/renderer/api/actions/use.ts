import { HolotypeError, toErrorShape } from '../../../contract/errors.ts';
import type { Source } from '../../../contract/ids.ts';
import { cameraPath } from '../../../contract/media.ts';
import {
  cameraAnswerSchema,
  type CameraAnswer,
  type Exported,
  type ExportFormat,
} from '../../../contract/use.ts';
import { isOver } from '../../state/jobs.ts';
import type { Api } from '../api.ts';
import { filesOf, sendFiles, sourceOfDrop, type Dropped } from '../uploads.ts';
import type { Picking } from './picking.ts';

/** Answers fetched at a time. */
const pageSize = 2_000;
const sending = 'Sending the photos to the engine';

/** What the screen "Use" can do. */
export function usingActions(api: Api, picking: Picking) {
  const { call, dispatch, getState } = api;
  /** Whose answers are being fetched. */
  let fetching: string | undefined;
  /** They were asked for once more meanwhile: there may be others by now. */
  let again = false;

  const start = async (project: string, run: string, source: Source | undefined): Promise<void> => {
    if (source === undefined) return;
    const started = await api.attempt(call('predict.start', { project, run, source }));
    if (started === undefined) return;
    dispatch({ type: 'use/started', project, job: started.job, run });
    api.announce('The model has begun to answer.');
  };

  return {
    /** The screen is shown for a project. */
    enter: (project: string): void => dispatch({ type: 'use/entered', project }),
    /** Asks for a folder of photos and lets the model answer for them. */
    answerFolder: async (project: string, run: string): Promise<void> =>
      start(project, run, await picking.pick('folder', 'Photos to answer for')),
    /** Lets the model answer for photos or a folder that were dropped on the window. */
    answerDrop: async (project: string, run: string, dropped: Dropped): Promise<void> =>
      start(project, run, await sourceOfDrop(api, dropped, sending)),
    /** Lets the model answer for files that were chosen. */
    answerFiles: async (project: string, run: string, files: FileList): Promise<void> =>
      start(project, run, await sendFiles(api, filesOf(files), sending)),
    /** Fetches the answers that a job has given since; what can't be had is said in `state.use.error`. */
    fetchAnswers: async (job: string): Promise<void> => {
      again = true;
      if (fetching === job) return;
      fetching = job;
      try {
        const known = getState().use.answers;
        let offset = known?.job === job ? known.rows.length : 0;
        let compared = known?.job === job && known.novelty !== undefined;
        for (;;) {
          again = false;
          const page = await call('predict.answers', { job, offset, limit: pageSize });
          if (fetching !== job) return;
          dispatch({ type: 'use/answered', page });
          // Comparing photos makes some answers unknown: those there are already are read once more.
          const changed = page.novelty !== undefined && !compared && offset > 0;
          compared ||= page.novelty !== undefined;
          offset = changed ? 0 : offset + page.answers.length;
          const all = !changed && (page.answers.length === 0 || offset >= page.total);
          if (all && !again) return;
        }
      } catch (error) {
        if (fetching === job) dispatch({ type: 'use/failed', job, error: toErrorShape(error) });
      } finally {
        if (fetching === job) fetching = undefined;
      }
    },
    /** Ends a job whose answers nobody wants, and asks for other photos. */
    discard: async (job: string): Promise<void> => {
      dispatch({ type: 'use/shown', job: null });
      const known = getState().jobs.byId.get(job);
      if (known === undefined || isOver(known)) return;
      const ended = await api.attempt(call('jobs.cancel', { job }));
      if (ended !== undefined) dispatch({ type: 'jobs/changed', job: ended });
    },
    /** Saves all answers as CSV. */
    saveTable: async (job: string): Promise<void> => {
      const table = await api.attempt(call('predict.table', { job }));
      if (table !== undefined) await api.attempt(api.host.save(table.download, table.name));
    },
    /** Copies the photos into a folder per answer: below one that is asked for, or in an archive. @returns the job */
    sort: async (job: string, where: 'folder' | 'archive'): Promise<string | undefined> => {
      if (where === 'archive') return (await api.attempt(call('predict.sort', { job })))?.job;
      const target = await picking.pick('target', 'Copy the photos into');
      if (target === undefined || !('place' in target)) return undefined;
      return (await api.attempt(call('predict.sort', { job, into: target.place })))?.job;
    },
    /** Asks for a folder that an export is to be written into. @returns a place id */
    pickTarget: async (): Promise<string | undefined> => {
      const target = await picking.pick('target', 'Export into');
      return target !== undefined && 'place' in target ? target.place : undefined;
    },
    /** @returns the job */
    exportModel: async (
      project: string,
      run: string,
      formats: readonly string[],
      into: string | undefined,
    ): Promise<string | undefined> => {
      const where = into === undefined ? {} : { into };
      return (await api.attempt(call('export.start', { project, run, formats: [...formats], ...where })))
        ?.job;
    },
    /** For useAnswer. */
    formats: (signal: AbortSignal): Promise<ExportFormat[]> => call('export.formats', {}, { signal }),
    /** For useAnswer. */
    exported: (job: string, signal: AbortSignal): Promise<Exported[]> =>
      call('export.result', { job }, { signal }),
    /** Saves one exported format as an archive. */
    saveExport: async ({ download, format }: Exported, project: string): Promise<void> => {
      await api.attempt(api.host.save(download, `${project}-${format.id}.zip`));
    },
    /**
     * What the model takes a picture of the camera for.
     * @throws HolotypeError when the engine gives no answer; the message says why
     */
    askCamera: async (
      project: string,
      run: string,
      picture: Blob,
      signal: AbortSignal,
    ): Promise<CameraAnswer> => {
      const address = api.host.mediaUrl(cameraPath(project, run));
      const response = await fetch(address, { method: 'POST', body: picture, signal });
      if (!response.ok) throw new HolotypeError('failed', await response.text());
      return cameraAnswerSchema.parse(await response.json());
    },
  };
}
