import type { Task } from '../jobs/task.ts';
import { openFinishedRun } from './finished-run.ts';
import { landscapeOf } from './landscape.ts';
import { landscapeRequestSchema } from './landscape-request.ts';

/** Measures the loss around a run's model and keeps it beside the run. */
export const landscapeTask: Task = async (request, tools) => {
  const { project, run, to, grid, photos } = landscapeRequestSchema.parse(request);
  const one = await openFinishedRun(project, run);
  const other = to === undefined ? undefined : await openFinishedRun(project, to);
  const work = landscapeOf(one, { grid, to: other, photos }, tools.signal);
  for (;;) {
    await tools.pausePoint();
    const step = await work.next();
    if (step.done === true) return undefined;
    tools.progress({ ...step.value, unit: 'steps' });
  }
};
