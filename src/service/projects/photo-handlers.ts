import type { PhotoDetails } from '../../contract/photos.ts';
import type { Handlers } from '../../contract/server.ts';
import { cameraFacts, type PhotoFact } from '../../engine/data/camera-facts.ts';
import { readPhotoFile } from '../read-photo.ts';
import { createClass, mergeClasses, recolorClass, removeClass, renameClass } from './class-steps.ts';
import { assignLabel, excludePhotos, setTarget } from './label-steps.ts';
import { exportLabels, importLabels } from './label-table.ts';

import type { OpenProject } from './open-projects.ts';
import type { OpenedProject } from './opened-project.ts';
import { photoRow } from './photo-rows.ts';
import type { ProjectRegistry } from './project-registry.ts';

/** What runs said of a photo, newest first. */
export type AnswersFor = (project: OpenProject, photo: string) => Promise<PhotoDetails['answers']>;

type PhotoMethod =
  | Exclude<Extract<keyof Handlers, `photos.${string}`>, 'photos.similar'>
  | Extract<keyof Handlers, `labels.${string}` | `classes.${string}`>;

/** The methods about photos, labels and classes. */
export function photoHandlers(
  projects: ProjectRegistry,
  answersFor: AnswersFor,
): Pick<Handlers, PhotoMethod> {
  return {
    'photos.list': async ({ project, offset, limit }) => projects.get(project).photos(offset, limit),
    'photos.get': ({ project, photo }) => photoDetails(projects.get(project), photo, answersFor),
    'photos.exclude': ({ project, photos, excluded }) =>
      projects.get(project).take((own) => excludePhotos(own, photos, excluded)),

    'labels.assign': ({ project, photos, label, mode }) =>
      projects.get(project).take((own) => assignLabel(own, photos, label, mode)),
    'labels.setTarget': ({ project, photos, target }) =>
      projects.get(project).take((own) => setTarget(own, photos, target)),
    'labels.undo': ({ project }) => projects.get(project).edit((own) => own.undo()),
    'labels.redo': ({ project }) => projects.get(project).edit((own) => own.redo()),
    'labels.import': async ({ project, csv }) => {
      // Taken when it is the step's turn, from the photos as they are then.
      const reports: ReturnType<typeof importLabels>['report'][] = [];
      await projects.get(project).take((own) => {
        const { step, report } = importLabels(own, csv);
        reports.push(report);
        return step;
      });
      return reports[0] ?? { matched: 0, unchanged: 0, newClasses: [], unmatched: [], unmatchedCount: 0 };
    },
    'labels.export': async ({ project }) => {
      const open = projects.get(project);
      return { name: `${open.name} labels.csv`, csv: exportLabels(open.project) };
    },

    'classes.create': ({ project, name }) => projects.get(project).take((own) => createClass(own, name)),
    'classes.rename': ({ project, name, to }) =>
      projects.get(project).take((own) => renameClass(own, name, to)),
    'classes.merge': ({ project, from, into }) =>
      projects.get(project).take((own) => mergeClasses(own, from, into)),
    'classes.remove': ({ project, name }) => projects.get(project).take((own) => removeClass(own, name)),
    'classes.recolor': ({ project, name, color }) =>
      projects.get(project).take((own) => recolorClass(own, name, color)),
  };
}

async function photoDetails(
  open: OpenedProject,
  photo: string,
  answersFor: AnswersFor,
): Promise<PhotoDetails> {
  const asset = open.asset(photo);
  const [facts, answers] = await Promise.all([factsOf(open, asset), answersFor(open, photo)]);
  const { bytes, otherPaths = [], group } = asset;
  return {
    ...photoRow(asset, open.isGone),
    bytes,
    otherPaths,
    ...(group !== undefined && { group }),
    facts,
    answers,
  };
}

/** None where the file can't be read: what is known of the photo is shown all the same. */
async function factsOf(
  { photoFolder }: OpenedProject,
  { path, bytes }: { path: string; bytes: number },
): Promise<PhotoFact[]> {
  return readPhotoFile(photoFolder, path, bytes).then(cameraFacts, () => []);
}
