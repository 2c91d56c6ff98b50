/** Writes everything the store can write, over and over, and says after each round what is now promised. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeFileAtomic } from '../../../src/store/atomic.ts';
import { openFeatureCache } from '../../../src/store/feature-cache.ts';
import { openProject } from '../../../src/store/project.ts';
import { createRun, listRuns, openRun } from '../../../src/store/runs.ts';

const [folder = '', before = ''] = process.argv.slice(2);
const promised = Number(before);
const [existing] = await listRuns(folder);
const run =
  existing === undefined ? await createRun(folder, {}) : await openRun(join(folder, 'runs', existing));
const cache = openFeatureCache(join(folder, 'features'), {
  graphHash: 'g',
  policyHash: 'p',
  view: 'plain',
  dimension: 1000,
});
const project = await openProject(folder);

for (let n = promised + 1; ; n += 1) {
  const id = createHash('sha256').update(String(n)).digest('hex');
  await run.appendEvent({ n });
  await run.saveCheckpoint({
    step: n,
    tensors: new Map([['w', { shape: [50_000], data: new Float32Array(50_000).fill(n) }]]),
    state: { n },
  });
  cache.put(id, new Float32Array(1000).fill(n));
  await cache.flush();
  await project.change(`Add ${n}`, [{ id, to: { id, path: `${n}.jpg`, bytes: n, labels: [] } }]);
  if (n % 3 === 0) await project.compact();
  await writeFileAtomic(join(folder, 'counter.txt'), `${n}`.padEnd(20_000, '.'));
  process.stdout.write(`${n}\n`);
}
