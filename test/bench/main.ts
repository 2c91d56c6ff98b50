/** `npm run bench`: the figures Holotype promises, each against its yardstick, in one run. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { benchStartUp, benchTraining } from './commands.ts';
import { benchDecoding } from './decoding.ts';
import { benchFeatures } from './features.ts';
import { benchFinetuning } from './finetuning.ts';
import { benchInference } from './inference.ts';
import { benchBackbone, benchPhotos } from './material.ts';
import { cores } from './measure.ts';
import type { Cost, Figure } from './measure.ts';
import { benchPredicting } from './predict.ts';
import { benchWindow } from './window.ts';

const sections = [
  'start-up',
  'decode',
  'inference',
  'features',
  'predict',
  'train',
  'finetune',
  'window',
] as const;

/** @returns the process's exit code: 0 when everything promised was met, 1 when not, 2 for wrong arguments */
export async function main(args: string[], root: string): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string', default: '7' },
    },
  });
  const only = values.only?.split(',') ?? sections;
  const rounds = Number(values.rounds);
  const unknown = only.filter((name) => !sections.includes(name as (typeof sections)[number]));
  if (unknown.length > 0 || !(rounds >= 1)) {
    process.stderr.write(`Give --only some of ${sections.join(',')} and --rounds a number.\n`);
    return 2;
  }
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const shared = join(root, '..', 'shared');
  const figures: Figure[] = [];
  const costs: Cost[] = [];
  const skipped: string[] = [];
  const add = (more: { figures: Figure[]; costs?: Cost[]; skipped?: string[] }): void => {
    figures.push(...more.figures);
    costs.push(...(more.costs ?? []));
    skipped.push(...(more.skipped ?? []));
    for (const one of more.figures) say(line(one));
  };
  const loadBefore = (loadavg()[0] ?? 0).toFixed(1);
  say(`${cores} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}, load ${loadBefore}`);

  const backbone = await benchBackbone(shared);
  const flowers = join(shared, 'datasets/flowers');
  const hymenoptera = join(shared, 'datasets/hymenoptera');
  if (!existsSync(shared))
    skipped.push('real weights and photos: there is no ../shared, random and drawn ones stand in');

  for (const section of only) {
    if (section === 'start-up') add({ figures: await benchStartUp(root) });
    if (section === 'decode')
      add(await benchDecoding(await benchPhotos(flowers, 400), backbone.policy, rounds));
    if (section === 'inference') add(await benchInference(backbone, rounds));
    if (section === 'features') {
      const few = Math.max(1, Math.ceil(rounds / 2));
      const name = existsSync(flowers) ? 'flowers' : 'drawn leaves';
      add(await benchFeatures(name, await benchPhotos(flowers, 300), backbone, few));
      if (existsSync(hymenoptera))
        add(await benchFeatures('hymenoptera', await benchPhotos(hymenoptera, 400), backbone, few));
      else skipped.push('features of hymenoptera: there is no ../shared/datasets/hymenoptera');
    }
    if (section === 'predict') add(await benchPredicting(root, shared, rounds));
    if (section === 'train') add(await benchTraining(root, shared));
    if (section === 'window') add(await benchWindow(root, shared));
    if (section === 'finetune') add(await benchFinetuning(root, shared));
  }

  const busy = figures.some(({ load }) => load > cores * 1.5);
  say('');
  for (const { name, wall, bestWall, cpu } of costs)
    say(
      `  ${name.padEnd(58)} ${wall.toFixed(2).padStart(8)} ms (best ${bestWall.toFixed(2)}), processor ${cpu.toFixed(2)} ms`,
    );
  say('');
  for (const one of figures) say(line(one));
  for (const what of skipped) say(`  SKIPPED ${what}`);
  if (busy) say('  The machine was busy with other things: times are inflated, ratios hold better.');

  const document = {
    cores,
    node: process.version,
    backbone: backbone.name,
    rounds,
    figures,
    costs,
    skipped,
  };
  const path = join(root, 'test-results/bench.json');
  await mkdir(join(root, 'test-results'), { recursive: true });
  await writeFile(path, `${JSON.stringify(document, null, 2)}\n`);
  say(`  ${relative(process.cwd(), path)}`);
  if (values.json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  return figures.every(({ met }) => met !== false) ? 0 : 1;
}

function line({ name, value, unit, target, met, load, note }: Figure): string {
  const verdict = met === undefined ? '' : met ? 'ok' : 'MISSED';
  const shown = `${value.toFixed(value >= 100 ? 0 : 2)} ${unit}`;
  return `  ${name.padEnd(72)} ${shown.padStart(14)}  ${(target ?? '').padEnd(8)} ${verdict.padEnd(6)} load ${load.toFixed(1)}${note === undefined ? '' : `  ${note}`}`;
}
