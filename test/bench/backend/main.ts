/** `npm run bench:backend`: training and inference on backend `onnxruntime` against bare ONNX Runtime, in one run. */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { cores, figure, type Cost, type Figure } from '../measure.ts';
import { peakOfSteps } from './memory.ts';
import { mobileNetV2, resNet50 } from './networks.ts';
import { otherParts, runTask } from './others.ts';
import { runOwn, type Script } from './own-process.ts';
import type { Cannot, Part } from './part.ts';
import { Progress } from './progress.ts';
import { raceParts, type Racer } from './race.ts';

const sections = ['memory', 'mobilenet', 'resnet', 'others'] as const;
const gibibyte = 2 ** 30;

const networks: Readonly<Record<string, Racer>> = {
  mobilenet: { name: 'MobileNetV2', make: mobileNetV2, full: 9, tail: 3 },
  resnet: { name: 'ResNet-50', make: resNet50, full: 5.5 },
};

const load = (): string =>
  loadavg()
    .map((one) => one.toFixed(1))
    .join(' ');

function memoryPart(script: Script): Part {
  const name = 'MobileNetV2: peak memory of a full step in a process of its own';
  return {
    name,
    async run(watch) {
      const stdout = await runOwn(script, 'memory', watch);
      if (stdout === undefined) return { cannot: [{ name, reason: 'it took longer than the limit' }] };
      return { figures: [figure(name, Number(stdout) / gibibyte, 'GiB', { atMost: 2.5 })] };
    },
  };
}

function partsOf(section: string, rounds: number, script: Script): Part[] {
  if (section === 'memory') return [memoryPart(script)];
  const entries = Object.entries(networks);
  return section === 'others'
    ? entries.flatMap(([own, { name }]) => otherParts(name, own, script))
    : entries.flatMap(([own, racer]) => (own === section ? raceParts(racer, rounds) : []));
}

/** What a process of its own writes to stdout. @param what `memory`, or a network and the number of a task */
async function own(what: string): Promise<string> {
  if (what === 'memory') return String(await peakOfSteps());
  const [network = '', task] = what.split('/');
  const racer = networks[network];
  if (racer === undefined) throw new Error(`There is no network "${network}".`);
  return JSON.stringify(await runTask(racer.make, Number(task)));
}

/**
 * @returns the process's exit code: 0 when everything promised was met, 1 when not or when a part failed, 2 for wrong arguments, 4 when it
 *   was interrupted
 */
export async function main(args: string[], root: string, path: string): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string', default: '7' },
      limit: { type: 'string', default: '300' },
      own: { type: 'string' },
    },
  });
  if (values.own !== undefined) {
    process.stdout.write(`${await own(values.own)}\n`);
    return 0;
  }
  const only: readonly string[] = values.only?.split(',') ?? sections;
  const rounds = Number(values.rounds);
  const limitMs = Number(values.limit) * 1000;
  const isKnown = only.every((name) => sections.some((section) => section === name));
  if (!isKnown || !(rounds >= 1) || !(limitMs > 0)) {
    process.stderr.write(
      `Give --only some of ${sections.join(',')}, --rounds a number and --limit the seconds a part may take.\n`,
    );
    return 2;
  }
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const loadBefore = load();
  say(
    `${cores} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}, load ${loadBefore}; ${rounds} rounds, batch 16`,
  );
  const figures: Figure[] = [];
  const costs: Cost[] = [];
  const cannot: Cannot[] = [];
  const failed: Cannot[] = [];
  const unfinished: string[] = [];
  const file = join(root, 'test-results/bench-backend.json');
  await mkdir(join(root, 'test-results'), { recursive: true });
  /** After every part: whatever ends the run, what was measured is kept. */
  const save = async (): Promise<string> => {
    const machine = { cores, node: process.version, rounds, loadBefore, loadAfter: load() };
    const text = `${JSON.stringify({ ...machine, figures, costs, cannot, failed, unfinished }, null, 2)}\n`;
    await writeFile(file, text);
    return text;
  };

  const stop = new AbortController();
  const interrupt = (): void => {
    say('  Stopping; once more ends it at once.');
    stop.abort();
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.once(signal, interrupt);
  const progress = new Progress(say);
  const watch = { signal: stop.signal, limitMs, say: (text: string) => progress.step(text) };
  const script: Script = { path, folder: root };
  for (const part of only.flatMap((section) => partsOf(section, rounds, script))) {
    if (stop.signal.aborted) {
      unfinished.push(part.name);
      continue;
    }
    progress.part(part.name);
    try {
      const outcome = await part.run(watch);
      for (const one of outcome.figures ?? []) say(figureLine(one));
      for (const one of outcome.costs ?? []) say(costLine(one));
      for (const one of outcome.cannot ?? []) say(cannotLine(one));
      figures.push(...(outcome.figures ?? []));
      costs.push(...(outcome.costs ?? []));
      cannot.push(...(outcome.cannot ?? []));
    } catch (error) {
      if (stop.signal.aborted) unfinished.push(part.name);
      else {
        failed.push({ name: part.name, reason: error instanceof Error ? error.message : String(error) });
        say(`  FAILED ${part.name}: ${error instanceof Error ? error.stack : String(error)}`);
      }
    }
    await save();
  }
  progress.end();
  for (const signal of signals) process.off(signal, interrupt);

  say('\nMilliseconds an image:');
  for (const one of costs) say(costLine(one));
  say('\nFigures (medians over the rounds):');
  for (const one of figures) say(figureLine(one));
  for (const one of cannot) say(cannotLine(one));
  for (const { name, reason } of failed) say(`  FAILED ${name}: ${reason}`);
  for (const name of unfinished) say(`  INTERRUPTED ${name}`);
  say(`  load before ${loadBefore}, after ${load()}`);
  if (figures.some((one) => one.load > cores * 1.5))
    say('  The machine was busy with other things: times are inflated, ratios hold better.');
  const text = await save();
  say(`  ${relative(process.cwd(), file)}`);
  if (values.json) process.stdout.write(text);
  if (unfinished.length > 0) return 4;
  return failed.length === 0 && figures.every(({ met }) => met !== false) ? 0 : 1;
}

function costLine({ name, wall, bestWall, cpu, rounds }: Cost): string {
  return `  ${name.padEnd(102)} ${wall.toFixed(2).padStart(9)} (best ${bestWall.toFixed(2)}, processor ${cpu.toFixed(2)}, rounds ${rounds.length})`;
}

function figureLine({ name, value, unit, target, met, load: queue, note }: Figure): string {
  const verdict = met === undefined ? '' : met ? 'ok' : 'MISSED';
  return `  ${name.padEnd(76)} ${`${value.toFixed(2)} ${unit}`.padStart(9)}  ${(target ?? '').padEnd(7)} ${verdict.padEnd(6)} load ${queue.toFixed(1)}${note === undefined ? '' : `  ${note}`}`;
}

const cannotLine = ({ name, reason }: Cannot): string => `  CANNOT ${name}: ${reason}`;
