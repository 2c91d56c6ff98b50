/** What threads of a landscape run; started by the engine, from the module that landscapeThreads() names. */
import type { HeadTask } from '../../engine/landscape/head-block.ts';
import { laneSide } from '../../engine/landscape/head-lanes.ts';
import { startTf } from '../train/start-tf.ts';

/** Makes this thread ready to measure blocks of photos. */
export async function open(task: HeadTask): Promise<ReturnType<typeof laneSide>> {
  await startTf();
  return laneSide(task);
}
