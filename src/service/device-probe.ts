/** A process that tries one device and ends; started by probe-process.ts, because a driver may crash or hang. */
import { runProbe } from './run-probe.ts';

process.once('message', (message: unknown) => {
  void runProbe(message, (said) => process.send?.(said));
});
// Nobody is left to answer to.
process.once('disconnect', () => process.exit());
