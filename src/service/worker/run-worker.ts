import { setPriority } from 'node:os';
import { serveTasks } from '../jobs/serve-tasks.ts';
import type { WorkerPort } from '../jobs/worker-link.ts';
import { tasks } from './tasks.ts';

/** How much later than others this process gets its turn: Node's "below normal". */
const belowNormal = 10;

/**
 * Makes this process a worker: it does what comes in on the port until it is ended. The window's own service goes
 * before it wherever there are too few cores for both.
 */
export function runWorker(port: WorkerPort): void {
  try {
    setPriority(belowNormal);
  } catch {
    // Not allowed here: everything works, a little less smoothly.
  }
  serveTasks(port, tasks);
}
