import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fileSystem } from '../../src/store/file-system.ts';
import { openLog } from '../../src/store/log-file.ts';
import { scratchFolder } from './scratch.ts';

let folder: string;
beforeEach(() => {
  folder = scratchFolder();
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});
const noon = (): Date => new Date('2026-01-02T12:00:00Z');

describe('the log', () => {
  it('has a line with its time for each message, the newest last', () => {
    const log = openLog(join(folder, 'logs'), {}, noon);
    expect(log.tail(10)).toEqual([]);
    log.write('info', 'Holotype starts');
    log.write('error', 'It broke\nat line 1');
    expect(log.tail(10)).toEqual([
      '2026-01-02T12:00:00.000Z info Holotype starts',
      '2026-01-02T12:00:00.000Z error It broke',
      '    at line 1',
    ]);
    expect(log.tail(1)).toEqual(['    at line 1']);
    expect(openLog(join(folder, 'logs')).tail(10)).toHaveLength(3);
  });

  it('is put aside when it is large; only so many files stay', () => {
    const log = openLog(folder, { bytes: 500, files: 3 }, noon);
    for (let n = 0; n < 100; n += 1) log.write('info', `line ${n}`);
    expect(readdirSync(folder).sort()).toEqual(['holotype.1.log', 'holotype.2.log', 'holotype.log']);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).size).toBeLessThan(600);
    const tail = log.tail(20);
    expect(tail).toHaveLength(20);
    expect(tail.map((line) => Number(/line (\d+)/.exec(line)?.[1]))).toEqual(
      Array.from({ length: 20 }, (_, n) => 80 + n),
    );
  });

  it('shortens what has no end', () => {
    const log = openLog(folder, {}, noon);
    log.write('error', 'x'.repeat(1e6));
    expect(log.tail(1)[0]?.length).toBeLessThan(21_000);
  });

  it('is no reason to stop when it cannot be written', () => {
    const log = openLog(folder);
    vi.spyOn(fileSystem, 'writeSync').mockImplementation(() => {
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    });
    expect(() => log.write('info', 'x')).not.toThrow();
    writeFileSync(join(folder, 'a-file'), '');
    expect(() => openLog(join(folder, 'a-file')).write('info', 'x')).not.toThrow();
    expect(openLog(join(folder, 'a-file')).tail(5)).toEqual([]);
  });
});
