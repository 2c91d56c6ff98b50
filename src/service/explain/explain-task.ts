import type { Explanation } from '../../contract/runs.ts';
import type { Explainer } from '../../engine/explain/explainer.ts';
import type { Task } from '../jobs/task.ts';
import { readPhotoCopy } from '../read-photo.ts';
import { openSavedModel, type OpenedModel } from '../saved-model.ts';
import { explainerOf, explainPhoto } from './explain-photo.ts';
import { explainRequestSchema, type ExplainRequest } from './explain-request.ts';

interface Warm {
  readonly folder: string;
  readonly opened: OpenedModel;
  readonly explainer: Explainer;
}

/** The models asked last, the newest first: a person looks at photo after photo, maybe comparing two runs. */
let warm: readonly Warm[] = [];
const kept = 2;

/** Resolves when it is the next one's turn: explanations have all cores one after another, and none loses its model. */
let turn: Promise<unknown> = Promise.resolve();

/** Says where a model looks in a photo; models stay loaded for the next one. */
export const explainTask: Task = (request, { signal }) => {
  const answer = turn.then(() => explain(explainRequestSchema.parse(request), signal));
  turn = answer.catch(() => undefined);
  return answer;
};

async function explain(
  { model, folder, paths, bytes, class: of }: ExplainRequest,
  signal: AbortSignal,
): Promise<Explanation> {
  signal.throwIfAborted();
  const [{ opened, explainer }, file] = await Promise.all([
    modelIn(model),
    readPhotoCopy(folder, paths, bytes),
  ]);
  return explainPhoto(opened, explainer, file, of, signal);
}

/** A model by its folder, unless another has taken its place there. */
async function modelIn(folder: string): Promise<Warm> {
  const opened = await openSavedModel(folder);
  const { createdAt } = opened.about;
  const known = warm.find((one) => one.folder === folder && one.opened.about.createdAt === createdAt);
  const one = known ?? (await load(folder, opened));
  const others = warm.filter((other) => other !== one);
  const fresh = others.filter((other) => other.folder !== folder).slice(0, kept - 1);
  warm = [one, ...fresh];
  for (const other of others) if (!fresh.includes(other)) await other.explainer.release();
  return one;
}

async function load(folder: string, opened: OpenedModel): Promise<Warm> {
  return { folder, opened, explainer: await explainerOf(opened) };
}
