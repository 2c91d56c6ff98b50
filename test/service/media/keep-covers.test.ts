import { expect, it } from 'vitest';
import { thumbPath } from '../../../src/contract/media.ts';
import type { ProjectSummary } from '../../../src/contract/projects.ts';
import { createEmitter } from '../../../src/service/emitter.ts';
import { keepCovers } from '../../../src/service/media/keep-covers.ts';

const summary = (id: string, samples: string[]): ProjectSummary => ({
  id,
  name: 'Leaves',
  folder: '~/leaves',
  photos: samples.length,
  openedAt: '2026-01-01T00:00:00.000Z',
  lastAccuracy: null,
  missing: false,
  samples,
});

it('has the pictures of an open project made once, and those of a closed one when it is opened', async () => {
  const events = createEmitter();
  const asked: string[] = [];
  const open = new Set(['a']);
  const stop = keepCovers(events, async ({ path }) => {
    asked.push(path);
    const status = open.has(path.split('/')[2] ?? '') ? 200 : 404;
    return { status, type: 'image/jpeg', body: new Uint8Array() };
  });
  const tell = async (): Promise<void> => {
    events.emit('projects.changed', { projects: [summary('a', ['1', '2']), summary('b', ['3'])] });
    await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const of = (project: string, photo: string): string => thumbPath(project, photo, 256);
  await tell();
  expect(asked).toEqual([of('a', '1'), of('a', '2'), of('b', '3')]);
  open.add('b');
  await tell();
  await tell();
  expect(asked).toEqual([of('a', '1'), of('a', '2'), of('b', '3'), of('b', '3')]);
  stop();
  events.emit('projects.changed', { projects: [summary('a', ['9'])] });
  expect(asked).toHaveLength(4);
});
