import { join } from 'node:path';
import type { Download } from '../../contract/app.ts';
import { HolotypeError } from '../../contract/errors.ts';
import type { JobSummary } from '../../contract/jobs.ts';
import type { RunPhoto } from '../../contract/runs.ts';
import type { Exported, ExportFormat } from '../../contract/use.ts';
import { folderName } from '../../store/copies.ts';
import { readPredictions } from '../../store/predictions.ts';
import type { ScratchFolder } from '../../store/scratch-folder.ts';
import { isExportFormat, type ExportFormat as FormatId } from '../deliver.ts';
import type { Downloads } from '../downloads.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Places } from '../places.ts';
import type { OpenProject, OpenProjects } from '../projects/open-projects.ts';
import { runFolder } from '../runs/project-runs.ts';
import type { OpenedModel } from '../saved-model.ts';
import { shortPath } from '../short-path.ts';
import { parityPhotos, spread } from '../train/spread.ts';
import { exportReplySchema, type ExportReply, type ExportRequest } from './export-request.ts';
import { modelOf } from './model-of.ts';
import { snippetsFor } from './snippets.ts';

/** The formats as the window shows them. */
const shown: Record<FormatId, Omit<ExportFormat, 'id'>> = {
  onnx: {
    name: 'ONNX',
    purpose: 'One file that runs nearly everywhere: Python, JavaScript, C++, C#, Java, phones, the web.',
  },
  tfjs: {
    name: 'TensorFlow.js',
    purpose: 'For web pages, and for tools that take models of Teachable Machine.',
  },
  holotype: {
    name: 'Holotype model',
    purpose: 'Everything: both formats, labels, figures and report, for Holotype on another machine.',
  },
};

export interface ExportDeps {
  readonly jobs: Jobs;
  readonly projects: Pick<OpenProjects, 'get'>;
  readonly places: Places;
  readonly downloads: Downloads;
  readonly scratch: ScratchFolder;
}

/** Saved models in formats for elsewhere. */
export interface Exports {
  formats(): ExportFormat[];
  /** @throws HolotypeError('bad-usage') for a format there isn't */
  start(project: string, run: string, formats: readonly string[], into?: string): Promise<JobSummary>;
  /** @throws HolotypeError 'not-found', 'busy' before the end */
  result(job: string): Exported[];
}

interface Target {
  readonly format: FormatId;
  readonly folder: string;
  readonly archive: string;
  /** Of the archive, and of the folder in it. */
  readonly top: string;
}

export function createExports(deps: ExportDeps): Exports {
  const { jobs, downloads, scratch } = deps;
  const results = new Map<string, Exported[]>();
  let made = 0;

  return {
    formats: () => Object.entries(shown).map(([id, rest]) => ({ id, ...rest })),
    async start(project, run, wanted, into) {
      const open = deps.projects.get(project);
      const model = await modelOf(deps.projects, project, run);
      const { name } = open.project.manifest;
      const parent = into === undefined ? undefined : deps.places.pathOf(into);
      made += 1;
      const targets: Target[] = [];
      for (const format of new Set(wanted)) {
        if (!isExportFormat(format))
          throw new HolotypeError('bad-usage', `There is no export format "${format}".`, {
            remedy: `Formats are ${Object.keys(shown).join(', ')}.`,
          });
        const top = `${folderName(name)}-${format}`;
        const folder =
          parent !== undefined
            ? join(parent, top)
            : open.readOnly
              ? await scratch.file(`export-${made}-${format}`)
              : join(model.folder, 'exports', format);
        targets.push({ format, folder, top, archive: await scratch.file(`export-${made}-${format}.zip`) });
      }
      const request: ExportRequest = {
        model: model.folder,
        formats: targets.map(({ format, folder, archive, top }) => ({ id: format, folder, archive, top })),
        photos: photosFor(open, await readPredictions(runFolder(open.folder, run))),
      };
      const summary = jobs.heavy({
        kind: 'export',
        project,
        title: `Export of ${name}`,
        canPause: false,
        canStop: false,
        task: 'export',
        request,
        finish: (reply) => {
          const made = exportedOf(exportReplySchema.parse(reply), targets, model, downloads);
          results.set(
            summary.id,
            made.map(({ exported }) => exported),
          );
          // Several are downloaded one by one.
          const [first, another] = made;
          return first === undefined || another !== undefined ? {} : { download: first.download };
        },
      });
      return summary;
    },
    result(job) {
      const found = results.get(job);
      if (found !== undefined) return found;
      const { state } = jobs.get(job);
      if (['queued', 'running', 'paused'].includes(state))
        throw new HolotypeError('busy', 'The export is not done yet.', { remedy: 'Wait for its end.' });
      throw new HolotypeError('not-found', 'This export was not finished.', { remedy: 'Export again.' });
    },
  };
}

/** Photos the run did not learn from, where they lie now, with what the trained model answered for them. */
function photosFor(
  { photoFolder, project }: OpenProject,
  answers: readonly RunPhoto[],
): ExportRequest['photos'] {
  return spread(answers.length, parityPhotos).flatMap((at) => {
    const answer = answers[at];
    if (answer === undefined) return [];
    const { photo, path, value } = answer;
    const probabilities = value === undefined ? answer.probabilities : [value.predicted];
    return [{ id: photo, folder: photoFolder, path: project.assets.get(photo)?.path ?? path, probabilities }];
  });
}

function exportedOf(
  reply: ExportReply,
  targets: readonly Target[],
  { about }: OpenedModel,
  downloads: Downloads,
): { exported: Exported; download: Download }[] {
  return targets.flatMap(({ format, folder, archive, top }) => {
    const own = reply.find(({ id }) => id === format);
    if (own === undefined) return [];
    const download = downloads.offer({
      name: `${top}.zip`,
      type: 'application/zip',
      content: { path: archive, bytes: own.archiveBytes },
    });
    const exported: Exported = {
      format: { id: format, ...shown[format] },
      folder: shortPath(folder),
      files: own.files,
      bytes: own.files.reduce((sum, { bytes }) => sum + bytes, 0),
      parity: own.parity,
      snippets: snippetsFor(format, about, top),
      download: download.download,
    };
    return [{ exported, download }];
  });
}
