import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/**
 * The folder of everything that can be made or fetched again: downloaded models, features, thumbnails. Deleting
 * it loses time, never work. `HOLOTYPE_CACHE` overrides the operating system's own place for such things.
 */
export function cacheFolder(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const own = environment['HOLOTYPE_CACHE'];
  if (own) return resolve(own);
  if (platform === 'win32')
    return join(environment['LOCALAPPDATA'] || join(homedir(), 'AppData', 'Local'), 'holotype', 'Cache');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'holotype');
  return join(xdg(environment['XDG_CACHE_HOME'], '.cache'), 'holotype');
}

/**
 * The folder of what a person gave Holotype and can't get again by itself: imported models and the hashes they
 * trusted. `HOLOTYPE_DATA` overrides the operating system's own place.
 */
export function dataFolder(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const own = environment['HOLOTYPE_DATA'];
  if (own) return resolve(own);
  if (platform === 'win32')
    return join(environment['APPDATA'] || join(homedir(), 'AppData', 'Roaming'), 'holotype');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'holotype');
  return join(xdg(environment['XDG_DATA_HOME'], '.local', 'share'), 'holotype');
}

/** The XDG base directory specification: a relative path is to be ignored. */
function xdg(value: string | undefined, ...fallback: string[]): string {
  return value && isAbsolute(value) ? value : join(homedir(), ...fallback);
}
