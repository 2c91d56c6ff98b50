/** Tries to take a lock, says whether it could, and holds it until its input ends. */
import { acquireLock } from '../../../src/store/lock.ts';

try {
  acquireLock(process.argv[2] ?? '', 'the thing');
  process.stdout.write('won\n');
} catch (error) {
  process.stdout.write(`${error instanceof Error && 'code' in error ? String(error.code) : 'failed'}\n`);
}
process.stdin.resume();
