import { HolotypeError } from '../../contract/errors.ts';
import type { OpenProjects } from '../projects/open-projects.ts';
import { modelFolder } from '../runs/project-runs.ts';
import { openSavedModel, type OpenedModel } from '../saved-model.ts';

/**
 * The model that a run of an open project has made.
 *
 * @throws HolotypeError 'not-found' when the project isn't open or the run was not finished, others as `openSavedModel`
 */
export async function modelOf(
  projects: Pick<OpenProjects, 'get'>,
  project: string,
  run: string,
): Promise<OpenedModel> {
  const { folder } = projects.get(project);
  try {
    return await openSavedModel(modelFolder(folder, run));
  } catch (error) {
    if (!(error instanceof HolotypeError) || error.code !== 'not-found') throw error;
    throw new HolotypeError('not-found', 'This run has no model.', {
      remedy: 'Choose a run that was finished, or train again.',
      cause: error,
    });
  }
}
