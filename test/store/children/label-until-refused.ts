/** Opens a project and labels its photo over and over; says what it was told when it no longer may. */
import { HolotypeError } from '../../../src/contract/errors.ts';
import { openProject } from '../../../src/store/project.ts';

const project = await openProject(process.argv[2] ?? '', { who: 'child' });
let n = 0;
try {
  for (;;) {
    n += 1;
    const id = n.toString(16).padStart(64, '0');
    await project.change(`Add ${n}`, [{ id, to: { id, path: `${n}.jpg`, bytes: n, labels: [] } }]);
    if (n % 50 === 0) await project.compact();
    if (n === 120) process.stdout.write('going\n');
  }
} catch (error) {
  const code = error instanceof HolotypeError ? error.code : String(error);
  process.stdout.write(`${JSON.stringify({ code, confirmed: n - 1, ours: project.isOurs() })}\n`);
}
await project.close();
