import { jobEventBodySchema, type JobEventBody } from '../../contract/job-events.ts';
import type { Task } from '../jobs/task.ts';
import { train } from '../train/train.ts';
import { trainRequestSchema } from './train-request.ts';

/** Trains a project's run; returns what `train` does. While it is paused nothing is computed. */
export const trainTask: Task = async (request, tools) => {
  const { options, place } = trainRequestSchema.parse(request);
  const training = train(options, tools.signal, { stop: tools.stopSignal, place });
  for (;;) {
    await tools.pausePoint();
    const step = await training.next();
    if (step.done === true) return step.value;
    tools.event(withoutPaths(jobEventBodySchema.parse(step.value), place.run));
  }
};

/** The window names runs and models by ids. */
function withoutPaths(event: JobEventBody, run: string): JobEventBody {
  if (event.type === 'started') return { ...event, run };
  if (event.type === 'done') return { ...event, model: run };
  return event;
}
