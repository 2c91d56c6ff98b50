/** A worker as a child process of Node; started by jobs/fork-worker.ts. */
import { runWorker } from './run-worker.ts';

// Nobody is left to work for.
process.once('disconnect', () => process.exit());
runWorker({
  post: (message) => {
    process.send?.(message);
  },
  onMessage: (listener) => {
    process.on('message', listener);
  },
});
