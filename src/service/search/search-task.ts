import type { ToldProgress } from '../jobs/jobs.ts';
import type { Task } from '../jobs/task.ts';
import { searchRequestSchema } from './search-request.ts';
import type { SearchNews, SearchRequest } from './search-request.ts';
import { search } from './search.ts';

/** Looks for better settings on a project's photos; returns what came of it. Every trial is on the disk when it is told. */
export const searchTask: Task = async (request, tools) => {
  const wanted = searchRequestSchema.parse(request);
  const work = search({ ...wanted, resume: true, onlyListed: true }, tools.signal);
  let [tried, elapsed] = [0, 0];
  for (;;) {
    const step = await work.next();
    if (step.done === true) return step.value;
    const event = step.value;
    if (event.type === 'progress') tools.progress(howFar(event.progress, wanted, tried, elapsed));
    else if (event.type === 'method')
      tools.result({ about: 'method', method: event.method, why: event.why } satisfies SearchNews);
    else if (event.type === 'under-way')
      tools.result({
        about: 'under-way',
        underWay: [...event.underWay],
        atOnce: event.atOnce,
      } satisfies SearchNews);
    else if (event.type === 'trial') {
      tried = event.tried;
      elapsed = Math.max(elapsed, event.trial.elapsed);
    } else if (event.type === 'final') elapsed = Math.max(elapsed, event.final.elapsed);
    // Messages from outside come in between two trials.
    await tools.pausePoint();
  }
};

/** Trials take their time from the budget, or are counted; what is computed for all of them says its own. */
function howFar(
  told: ToldProgress,
  { trials, budget }: SearchRequest,
  tried: number,
  elapsed: number,
): ToldProgress {
  if (told.unit !== 'trials') return told;
  const { message } = told;
  if (budget !== undefined)
    // The best are tried again in any case, and nobody knows how long that takes.
    return elapsed < budget
      ? { message, done: elapsed, total: budget, unit: 'seconds', eta: budget - elapsed }
      : { message, done: elapsed, total: null, unit: 'seconds' };
  // The best are tried again after the last of them.
  const again = trials !== undefined && tried > trials;
  return { message, done: tried, total: again ? null : (trials ?? null), unit: 'trials' };
}
