import type { PhotoDetails } from '../../contract/photos.ts';
import { readPredictions } from '../../store/predictions.ts';
import type { OpenProject } from '../projects/open-projects.ts';
import { readRuns } from './project-runs.ts';

type Answer = PhotoDetails['answers'][number];

/** Runs that are looked at: what older ones said is of little interest. */
const newest = 5;

/**
 * What the newest runs of a project answered for a photo that they did not learn from, newest first. A finished run's
 * answers never change, so those of the last few that were asked for stay in memory.
 */
export function photoAnswers(): (open: OpenProject, photo: string) => Promise<Answer[]> {
  const remembered = new Map<string, ReadonlyMap<string, Answer>>();
  const answersOf = async (folder: string, run: string): Promise<ReadonlyMap<string, Answer>> => {
    const known = remembered.get(folder);
    if (known !== undefined) return known;
    const answers = new Map(
      (await readPredictions(folder)).map(({ photo, predicted, confidence }) => [
        photo,
        { run, predicted, confidence },
      ]),
    );
    remembered.set(folder, answers);
    const [oldest] = remembered.keys();
    if (remembered.size > newest && oldest !== undefined) remembered.delete(oldest);
    return answers;
  };
  return async (open, photo) => {
    const finished = (await readRuns(open.folder)).filter(({ result }) => result !== undefined);
    const found = await Promise.all(
      finished
        .toReversed()
        .slice(0, newest)
        .map(async ({ id, folder }) => (await answersOf(folder, id)).get(photo)),
    );
    return found.filter((answer) => answer !== undefined);
  };
}
