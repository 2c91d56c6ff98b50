import type { Task } from '../jobs/task.ts';
import { comparePhotos } from './compare-photos.ts';
import { compareRequestSchema } from './compare-request.ts';

/** Ranks backbones on a project's photos; returns the comparison. While it is paused nothing is computed. */
export const compareTask: Task = async (request, tools) => {
  const { folder, ...options } = compareRequestSchema.parse(request);
  return comparePhotos(
    folder,
    { ...options, onlyListed: true },
    (progress) => {
      tools.progress(progress);
      return tools.pausePoint();
    },
    tools.signal,
  );
};
