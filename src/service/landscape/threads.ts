import { pathToFileURL } from 'node:url';
import type { LaneProgram } from '../../engine/landscape/head-lanes.ts';
import { builtScript } from '../built-script.ts';

/**
 * What threads of a landscape run, where this build has it.
 *
 * @param count threads; default: one for each core
 * @returns undefined where one core has to do, or is to do, it all
 */
export async function landscapeThreads(count?: number): Promise<LaneProgram | undefined> {
  const path = count === 1 ? undefined : await builtScript('landscape-thread.mjs');
  if (path === undefined) return undefined;
  return { module: pathToFileURL(path).href, ...(count === undefined ? {} : { count }) };
}
