import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { HolotypeError } from '../../contract/errors.ts';
import { byScore, projectSearchSchema, searchResultSchema, shownTrials } from '../../contract/search.ts';
import type { ProjectSearch, SearchStart } from '../../contract/search.ts';
import type { Handlers } from '../../contract/server.ts';
import { ensureFolder, readJson, writeFileAtomic, writeJsonAtomic } from '../../store/atomic.ts';
import { folderName } from '../../store/copies.ts';
import { readSearchLines } from '../../store/search.ts';
import type { Downloads } from '../downloads.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { listModels } from '../models.ts';
import type { OpenProject, OpenProjects } from '../projects/open-projects.ts';
import { optionsOf } from '../runs/quality.ts';
import { planTraining } from '../runs/train-plan.ts';
import type { PlanDeps } from '../runs/train-plan.ts';
import { labelsText, trainingPhotos } from '../runs/training-photos.ts';
import { defaultSpace } from './default-space.ts';
import { recipeOf } from './recipe-file.ts';
import { searchNewsSchema } from './search-request.ts';
import type { SearchRequest } from './search-request.ts';

export interface SearchDeps extends Pick<PlanDeps, 'calls' | 'usualDevice'> {
  readonly jobs: Pick<Jobs, 'heavy' | 'list'>;
  readonly projects: Pick<OpenProjects, 'get'>;
  readonly downloads: Pick<Downloads, 'offer'>;
}

/** What is kept of the last search beside its trials. */
const keptSchema = projectSearchSchema
  .omit({ tried: true, trials: true, underWay: true, atOnce: true })
  .extend({ folder: projectSearchSchema.shape.startedAt });
type Kept = Omit<ProjectSearch, 'tried' | 'trials' | keyof Now> & { readonly folder: string };
/** What is gone when the search has ended. */
type Now = Pick<ProjectSearch, 'underWay' | 'atOnce'>;

/** In the project's folder. */
const searchesFolder = 'searches';
const over = ['done', 'failed', 'cancelled', 'interrupted'];

/**
 * Looks for better settings on projects' photos in the worker. Each search has a folder in the project, named after all
 * it depends on: what was cut off is gone on with when the same is asked for again.
 */
export function createSearches(
  deps: SearchDeps,
): Pick<Handlers, 'search.start' | 'search.result' | 'search.recipe'> {
  /** The last search, by project. */
  const latest = new Map<string, Kept>();
  /** What searches are at, by job. */
  const now = new Map<string, Now>();
  const keptFile = (open: OpenProject): string => join(open.folder, searchesFolder, 'latest.json');
  const note = async (open: OpenProject, kept: Kept): Promise<void> => {
    latest.set(open.id, kept);
    // It is on the screen, and asked for again it is done at once: no reason to call a search failed.
    await writeJsonAtomic(keptFile(open), kept).catch(() => undefined);
  };
  const last = async (open: OpenProject): Promise<Kept | undefined> => {
    const known = latest.get(open.id) ?? (await readJson(keptFile(open), keptSchema).catch(() => undefined));
    if (known !== undefined) latest.set(open.id, known);
    return known;
  };
  return {
    'search.start': async ({ project, ...start }) => {
      const open = deps.projects.get(project);
      if (
        deps.jobs
          .list()
          .some((job) => job.kind === 'search' && job.project === project && !over.includes(job.state))
      )
        throw new HolotypeError('busy', 'A search of this project is under way already.', {
          remedy: 'Wait for its end, or cancel it: what was tried so far is kept.',
        });
      const { request, name } = await prepared(deps, open, start);
      const summary = deps.jobs.heavy({
        kind: 'search',
        project,
        title: `Better settings for ${open.project.manifest.name}`,
        // Its time would go by all the same.
        canPause: false,
        canStop: false,
        task: 'search',
        request,
        onNews: async (news) => {
          if (news.type !== 'result') return;
          const said = searchNewsSchema.parse(news.data);
          if (said.about === 'under-way')
            now.set(begun.job, { underWay: said.underWay, atOnce: said.atOnce });
          else await note(open, { ...begun, chosen: { method: said.method, why: said.why } });
        },
        finish: async (reply) => {
          const {
            folder: _folder,
            recipe: _recipe,
            trials: _trials,
            ...result
          } = searchResultSchema.parse(reply);
          const { method, why } = result;
          await note(open, { ...begun, chosen: { method, why }, result });
        },
      });
      const begun: Kept = {
        folder: name,
        job: summary.id,
        startedAt: summary.createdAt,
        method: start.method,
        wanted: { trials: start.trials ?? null, budget: start.budget ?? null },
        chosen: null,
        result: null,
      };
      await note(open, begun);
      return { job: summary.id };
    },
    'search.result': async ({ project }) => {
      const open = deps.projects.get(project);
      const kept = await last(open);
      if (kept === undefined) return null;
      const { folder, ...search } = kept;
      const runs = deps.jobs.list().some(({ id, state }) => id === kept.job && !over.includes(state));
      if (!runs) now.delete(kept.job);
      const lines = await readSearchLines(join(open.folder, searchesFolder, folder));
      const trials = lines.filter((line) => line.type === 'trial');
      return {
        ...search,
        ...(now.get(kept.job) ?? { underWay: [], atOnce: null }),
        tried: trials.length,
        trials: byScore(trials).slice(0, shownTrials),
      };
    },
    'search.recipe': async ({ project }) => {
      const open = deps.projects.get(project);
      const result = (await last(open))?.result ?? undefined;
      if (result === undefined)
        throw new HolotypeError('not-found', 'No search of this project has come to its end.', {
          remedy: 'Search for better settings first.',
        });
      const text = `${JSON.stringify(recipeOf(result.settings, result.verdict), null, 2)}\n`;
      return deps.downloads.offer({
        name: `${folderName(open.project.manifest.name)}, recipe.json`,
        type: 'application/json',
        content: new TextEncoder().encode(text),
      });
    },
  };
}

/**
 * What the worker is to be told, with the labels file that it reads.
 *
 * @returns with the name of the search's folder
 * @throws HolotypeError('bad-input') with what a training of these settings would founder on; 'storage'
 */
async function prepared(
  deps: SearchDeps,
  open: OpenProject,
  { method, trials, budget, settings: chosen }: SearchStart,
): Promise<{ readonly request: SearchRequest; readonly name: string }> {
  const { obstacles, settings } = await planTraining(
    // No estimate is wanted.
    { ...deps, isComputing: () => true },
    open,
    { ...chosen, recipe: 'head' },
  );
  const [obstacle] = obstacles;
  if (obstacle !== undefined)
    throw new HolotypeError('bad-input', obstacle.message, { remedy: obstacle.action });
  const { task } = open.project.manifest;
  const photos = trainingPhotos(open.project.assets.values(), task);
  const training = { ...optionsOf(settings), task, photos: open.photoFolder };
  const installed = (await listModels()).filter((model) => model.installed).map(({ id }) => id);
  const space = defaultSpace(task, training.backbone === undefined ? installed.sort() : []);
  const table = labelsText(photos, task);
  const about = [training, space, method, open.folder, table, photos.map(({ asset }) => asset.id)];
  const name = createHash('sha256').update(JSON.stringify(about)).digest('hex').slice(0, 16);
  const folder = join(open.folder, searchesFolder);
  await ensureFolder(folder);
  const labels = join(folder, `${name}.csv`);
  await writeFileAtomic(labels, table);
  const request: SearchRequest = {
    training: { ...training, labels },
    out: join(folder, name),
    method,
    space,
    ...(trials === undefined ? {} : { trials }),
    ...(budget === undefined ? {} : { budget }),
  };
  return { request, name };
}
