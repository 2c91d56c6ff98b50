import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listen, scratch, startEngine, type Engine, type Scratch } from './projects-testing.ts';

let place: Scratch;
let engine: Engine;
beforeEach(() => {
  place = scratch();
  engine = startEngine(place);
});
afterEach(async () => {
  await engine.close();
  place.remove();
});

it('the demo opens at once and shows its photos while they are drawn, once', async () => {
  const heard = listen(engine.client, 'photos.changed');
  const state = await engine.client.call('projects.openDemo', {});
  expect(state).toMatchObject({ name: 'Demo: leaves', counts: { photos: 0 } });
  await heard.until(({ changed }) => changed.length > 0);
  const going = await engine.client.call('projects.get', { project: state.id });
  expect(going.scan).toBe(state.scan);
  expect(going.classes.map(({ name }) => name)).toEqual(['healthy', 'rust', 'mildew']);
  const [job] = await engine.client.call('jobs.list', {});
  expect(job?.progress).toMatchObject({ message: 'Drawing photos of leaves', total: 120, unit: 'photos' });
  await engine.client.call('jobs.cancel', { job: state.scan ?? '' });
  await engine.jobs.ended(state.scan ?? '');
  // Opened again it goes on, and is the same project.
  const again = await engine.client.call('projects.openDemo', {});
  expect(again).toMatchObject({ id: state.id, scan: expect.any(String) });
  expect(readdirSync(join(place.data, 'projects'))).toHaveLength(1);
  expect(existsSync(join(place.data, 'demo', 'photos', 'rust'))).toBe(true);
});
