/** `npm run bench:backend`: training and inference on backend `onnxruntime` against bare ONNX Runtime, in one run. */
import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { cores, figure, type Cost, type Figure } from '../measure.ts';
import { peakOfSteps } from './memory.ts';
import { mobileNetV2, resNet50 } from './networks.ts';
import { othersOn } from './others.ts';
import { raceNetwork } from './race.ts';

const sections = ['memory', 'mobilenet', 'resnet', 'others'] as const;
const gibibyte = 2 ** 30;

const load = (): string =>
  loadavg()
    .map((one) => one.toFixed(1))
    .join(' ');

/** @returns the process's exit code: 0 when everything promised was met, 1 when not, 2 for wrong arguments */
export async function main(args: string[], root: string, script: string): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string', default: '7' },
      'own-memory': { type: 'boolean', default: false },
    },
  });
  if (values['own-memory']) {
    process.stdout.write(`${await peakOfSteps()}\n`);
    return 0;
  }
  const only = values.only?.split(',') ?? sections;
  const rounds = Number(values.rounds);
  const unknown = only.filter((name) => !sections.includes(name as (typeof sections)[number]));
  if (unknown.length > 0 || !(rounds >= 1)) {
    process.stderr.write(`Give --only some of ${sections.join(',')} and --rounds a number.\n`);
    return 2;
  }
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const loadBefore = load();
  say(
    `${cores} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}, load ${loadBefore}; ${rounds} rounds, batch 16`,
  );
  const figures: Figure[] = [];
  const costs: Cost[] = [];
  const skipped: string[] = [];
  const add = (more: { figures?: Figure[]; costs?: Cost[]; skipped?: string[] }): void => {
    for (const one of more.figures ?? []) say(figureLine(one));
    for (const one of more.costs ?? []) say(costLine(one));
    figures.push(...(more.figures ?? []));
    costs.push(...(more.costs ?? []));
    skipped.push(...(more.skipped ?? []));
  };

  for (const section of only) {
    if (section === 'memory') {
      const child = spawnSync(process.execPath, [script, '--own-memory'], { cwd: root, encoding: 'utf8' });
      const bytes = Number.parseInt(child.stdout, 10);
      if (child.status !== 0 || !(bytes > 0)) throw new Error(`The step by itself failed:\n${child.stderr}`);
      const title = 'MobileNetV2: peak memory of a full step in a process of its own';
      add({ figures: [figure(title, bytes / gibibyte, 'GiB', { atMost: 2.5 })] });
    }
    if (section === 'mobilenet')
      add(await raceNetwork('MobileNetV2', mobileNetV2(), { full: 9, tail: 3 }, rounds));
    if (section === 'resnet') add(await raceNetwork('ResNet-50', resNet50(), { full: 5.5 }, rounds));
    if (section === 'others') {
      add(await othersOn('MobileNetV2', mobileNetV2()));
      add(await othersOn('ResNet-50', resNet50()));
    }
  }

  const loadAfter = load();
  say('\nMilliseconds an image:');
  for (const one of costs) say(costLine(one));
  say('\nFigures (medians over the rounds):');
  for (const one of figures) say(figureLine(one));
  for (const what of skipped) say(`  SKIPPED ${what}`);
  say(`  load before ${loadBefore}, after ${loadAfter}`);
  if (figures.some((one) => one.load > cores * 1.5))
    say('  The machine was busy with other things: times are inflated, ratios hold better.');
  const document = { cores, node: process.version, rounds, loadBefore, loadAfter, figures, costs, skipped };
  const path = join(root, 'test-results/bench-backend.json');
  await mkdir(join(root, 'test-results'), { recursive: true });
  await writeFile(path, `${JSON.stringify(document, null, 2)}\n`);
  say(`  ${relative(process.cwd(), path)}`);
  if (values.json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  return figures.every(({ met }) => met !== false) ? 0 : 1;
}

function costLine({ name, wall, bestWall, cpu }: Cost): string {
  return `  ${name.padEnd(78)} ${wall.toFixed(2).padStart(9)} (best ${bestWall.toFixed(2)}, processor ${cpu.toFixed(2)})`;
}

function figureLine({ name, value, unit, target, met, load: queue, note }: Figure): string {
  const verdict = met === undefined ? '' : met ? 'ok' : 'MISSED';
  return `  ${name.padEnd(66)} ${`${value.toFixed(2)} ${unit}`.padStart(9)}  ${(target ?? '').padEnd(7)} ${verdict.padEnd(6)} load ${queue.toFixed(1)}${note === undefined ? '' : `  ${note}`}`;
}
