import { probe } from '../engine/devices/probe.ts';
import { probeRequestSchema } from '../engine/devices/probe-messages.ts';

/** Tries one device in this process, which a driver may crash or hang. @param request a ProbeRequest */
export async function runProbe(request: unknown, say: (message: unknown) => void): Promise<void> {
  for await (const said of probe(probeRequestSchema.parse(request))) say(said);
}
