/** A finished run, found by its folder or by its model's. */
import { basename, dirname, join, resolve } from 'node:path';
import { HolotypeError } from '../../contract/errors.ts';
import type { TrainOptions, TrainResult } from '../../contract/train.ts';
import { exists } from '../../store/folders.ts';
import { labelsFile, modelFolder, readRun, readRuns, runFolder } from '../runs/project-runs.ts';
import { openSavedModel, type OpenedModel } from '../saved-model.ts';

export interface FinishedRun {
  readonly id: string;
  readonly folder: string;
  readonly options: TrainOptions;
  readonly result: TrainResult;
  readonly model: OpenedModel;
  /** The photos of a project's run are those that its labels file lists. */
  readonly ofProject: boolean;
}

/**
 * @param path a run's folder (`.../runs/<id>`), or the folder of the model that came of it
 * @throws HolotypeError 'not-found', or 'bad-input' when it is neither, wasn't finished, or another model took its place
 */
export async function findFinishedRun(path: string): Promise<FinishedRun> {
  const full = resolve(path);
  if (!(await exists(full)))
    throw new HolotypeError('not-found', `There is no run "${path}".`, {
      remedy: 'Give the folder that train wrote, or one in its runs/.',
    });
  if (basename(dirname(full)) === 'runs') return openFinishedRun(dirname(dirname(full)), basename(full));
  if (
    basename(dirname(full)) === 'models' &&
    (await exists(runFolder(dirname(dirname(full)), basename(full))))
  )
    return openFinishedRun(dirname(dirname(full)), basename(full));
  const finished = (await readRuns(full)).filter(({ result }) => result !== undefined);
  const last = finished.at(-1);
  if (last === undefined)
    throw new HolotypeError('bad-input', `"${path}" is neither a run nor a model with its run beside it.`, {
      remedy: 'Give the folder that train wrote; a copy of the model alone does not know its photos.',
    });
  return openFinishedRun(full, last.id);
}

/** @param place the folder that holds `runs/`: a project's, or the model's own */
export async function openFinishedRun(place: string, id: string): Promise<FinishedRun> {
  const { folder, config, result } = await readRun(place, id);
  if (config === undefined || result === undefined)
    throw new HolotypeError('bad-input', `The run "${id}" was not finished.`, {
      remedy: 'Go on with it, or choose another.',
    });
  const own = await exists(modelFolder(place, id));
  const model = await openSavedModel(own ? modelFolder(place, id) : place);
  if (!own) {
    const newest = (await readRuns(place)).filter((run) => run.result !== undefined).at(-1);
    if (newest !== undefined && newest.id !== id)
      throw new HolotypeError('bad-input', `The model of the run "${id}" was replaced by a later training.`, {
        remedy: `Give the newest run, "${newest.id}", or the model's folder.`,
      });
  }
  const labels = labelsFile(place, id);
  const ofProject = await exists(labels);
  return {
    id,
    folder: join(folder),
    options: ofProject ? { ...config.options, labels } : config.options,
    result,
    model,
    ofProject,
  };
}
