import { coverSize, thumbPath } from '../../contract/media.ts';
import type { ProjectSummary } from '../../contract/projects.ts';
import type { Emitter } from '../emitter.ts';
import type { Media } from './media.ts';

/**
 * Makes the pictures that stand for a project on the home screen as soon as they are known, and keeps them: once the
 * project is closed its photos can't be asked for any more.
 *
 * @returns stops it
 */
export function keepCovers(events: Emitter, media: Media): () => void {
  const kept = new Set<string>();
  let before: Promise<unknown> = Promise.resolve();
  const keep = async (project: string, photo: string): Promise<void> => {
    const path = thumbPath(project, photo, coverSize);
    if (kept.has(path)) return;
    // Of a project that isn't open there is none to be made; it is asked for again when it is.
    if ((await media({ method: 'GET', path })).status === 200) kept.add(path);
  };
  return events.on('projects.changed', ({ projects }: { projects: readonly ProjectSummary[] }) => {
    // One after the other: what a person is looking at goes first.
    for (const { id, samples = [] } of projects)
      for (const photo of samples) before = before.then(() => keep(id, photo));
  });
}
