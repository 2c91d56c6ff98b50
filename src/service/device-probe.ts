/** A process that tries one device and ends; started by probe-process.ts, because a driver may crash or hang. */
import { probe } from '../engine/devices/probe.ts';
import { probeRequestSchema } from '../engine/devices/probe-messages.ts';

process.once('message', (message: unknown) => {
  void answer(message);
});
// Nobody is left to answer to.
process.once('disconnect', () => process.exit());

async function answer(message: unknown): Promise<void> {
  for await (const said of probe(probeRequestSchema.parse(message))) process.send?.(said);
}
