/** `npm run bench:craft`: every figure that Holotype promises on its craft, in one table and one JSON file. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { listModelFiles } from '../../../src/store/models.ts';
import { cores } from '../measure.ts';
import { advicePart } from './advice.ts';
import { comparePart } from './compare.ts';
import { explainPart } from './explain.ts';
import { exploreParts } from './explore.ts';
import { landscapePart } from './landscape.ts';
import { oddParts } from './odd.ts';
import type { CraftFigure, CraftMaterial, CraftPart } from './part.ts';
import { searchPart } from './search.ts';
import { searchSpeedPart } from './search-speed.ts';
import { unknownPart } from './unknown.ts';

/** In the order of the issue. A part is added here once it can be run. */
const parts: readonly CraftPart[] = [
  searchPart,
  searchSpeedPart,
  advicePart,
  landscapePart,
  comparePart,
  ...exploreParts,
  ...oddParts,
  explainPart,
  unknownPart,
];

const names = parts.map(({ name }) => name);

function line({ name, value, unit, target, met, note, seeds }: CraftFigure): string {
  const verdict = met === undefined ? '' : met ? 'ok' : 'MISSED';
  const many = seeds.length > 10 && seeds.every((seed, at) => seed === at);
  const which = many ? `0 to ${seeds.length - 1}` : seeds.join(', ');
  const about = [seeds.length === 0 ? undefined : `seeds ${which}`, note].filter(Boolean).join('; ');
  return `  ${name.padEnd(84)} ${`${value.toFixed(3)} ${unit}`.padStart(12)}  ${(target ?? '').padEnd(8)} ${verdict.padEnd(6)} ${about}`;
}

/** @param shared a folder with `datasets` and `weights` */
async function materialIn(
  shared: string,
): Promise<Pick<CraftMaterial, 'hymenoptera' | 'flowers' | 'weights' | 'inception'>> {
  const there = (path: string): string | undefined =>
    existsSync(join(shared, path)) ? join(shared, path) : undefined;
  const hymenoptera = there('datasets/hymenoptera');
  const flowers = there('datasets/flowers');
  const weights = there('weights');
  const inception = (await listModelFiles()).find(({ id, installed }) => id === 'inception-v3' && installed);
  return {
    ...(hymenoptera === undefined ? {} : { hymenoptera }),
    ...(flowers === undefined ? {} : { flowers }),
    ...(weights === undefined ? {} : { weights }),
    ...(inception === undefined ? {} : { inception: inception.path }),
  };
}

/** @returns the process's exit code: 0 when everything promised was met, 1 when not, 2 for wrong arguments, 4 when interrupted */
export async function main(args: string[], root: string): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      only: { type: 'string' },
      shared: { type: 'string', default: join(root, '../shared') },
    },
  });
  const only = values.only?.split(',') ?? names;
  if (!only.every((name) => names.includes(name))) {
    process.stderr.write(`Give --only some of ${names.join(',')}.\n`);
    return 2;
  }
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt);
  // Before this run gets a cache of its own: what is installed lies in the person's.
  const found = await materialIn(resolve(values.shared));
  const scratch = await mkdtemp(join(tmpdir(), 'holotype-craft-'));
  process.env['HOLOTYPE_CACHE'] ??= join(scratch, 'cache');
  process.env['HOLOTYPE_DATA'] ??= join(scratch, 'data');
  if (found.weights !== undefined) process.env['HOLOTYPE_MODELS'] ??= found.weights;
  const material: CraftMaterial = { ...found, scratch, say, signal: stop.signal };

  const figures: CraftFigure[] = [];
  const cannot: { name: string; reason: string }[] = [];
  const failed: { name: string; reason: string }[] = [];
  const file = join(root, 'test-results/bench-craft.json');
  await mkdir(join(root, 'test-results'), { recursive: true });
  const save = async (): Promise<string> => {
    const load = loadavg().map((one) => Number(one.toFixed(1)));
    const text = `${JSON.stringify({ cores, node: process.version, load, figures, cannot, failed }, null, 2)}\n`;
    await writeFile(file, text);
    return text;
  };
  try {
    for (const part of parts) {
      if (!only.includes(part.name) || stop.signal.aborted) continue;
      const missing = part.needs.filter((need) => found[need] === undefined);
      if (missing.length > 0) {
        const remedy = missing.includes('inception') ? 'holotype models fetch inception-v3' : '--shared DIR';
        cannot.push({ name: part.name, reason: `there is no ${missing.join(' and no ')} (${remedy})` });
        continue;
      }
      say(`${part.name} ...`);
      try {
        const measured = await part.run(material);
        for (const one of measured) say(line(one));
        figures.push(...measured);
      } catch (error) {
        failed.push({ name: part.name, reason: error instanceof Error ? error.message : String(error) });
        say(`  FAILED ${part.name}: ${error instanceof Error ? error.stack : String(error)}`);
      }
      await save();
    }
  } finally {
    process.off('SIGINT', interrupt);
    await rm(scratch, { recursive: true, force: true });
  }
  say('\nFigures:');
  for (const one of figures) say(line(one));
  for (const { name, reason } of cannot) say(`  CANNOT ${name}: ${reason}`);
  for (const { name, reason } of failed) say(`  FAILED ${name}: ${reason}`);
  const text = await save();
  say(`  ${relative(process.cwd(), file)}`);
  if (values.json) process.stdout.write(text);
  if (stop.signal.aborted) return 4;
  return failed.length === 0 && figures.every(({ met }) => met !== false) ? 0 : 1;
}
