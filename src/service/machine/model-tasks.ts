/** Work with whole networks, which holds up everything else in its process for seconds. */
import type { Task } from '../jobs/task.ts';
import { showModel } from '../model-details.ts';
import { importModelFile } from '../models.ts';
import { detailsRequestSchema, importRequestSchema } from './model-requests.ts';

/** Blocks, parameters and cost of an installed model. */
export const modelDetailsTask: Task = (request, { signal }) =>
  showModel(detailsRequestSchema.parse(request).id, signal);

/** Takes a model file into Holotype's own folders, once it is sure that it can be used. */
export const importModelTask: Task = async (request) => {
  const { path, name } = importRequestSchema.parse(request);
  return importModelFile(path, name);
};
