import { Option, type Command } from 'commander';
import { groupingMethods, mostGroups, tasks } from '../../../contract/choices.ts';
import type { ExploreOptionsInput, ExploreResult, GroupingMethod } from '../../../contract/explore.ts';
import { oddFactWords } from '../../../contract/odd-fact.ts';
import type { Task } from '../../../contract/project.ts';
import { integer } from '../arguments.ts';
import { count, interruptible, log, percent, print, printJson } from '../output.ts';
import { ProgressBar } from '../progress-bar.ts';

interface Flags {
  readonly labels?: string;
  readonly task?: Task;
  readonly backbone?: string;
  readonly method?: GroupingMethod;
  readonly groups?: number;
  readonly next?: number;
  readonly resize?: 'squash' | 'crop' | 'pad';
  readonly device?: 'auto';
  readonly seed?: number;
  readonly json?: boolean;
}

/** `holotype explore <photos>` */
export function addExplore(program: Command): void {
  program
    .command('explore')
    .description(
      'Find groups, copies and odd photos in a folder; with labels, also wrong labels and what to label next.',
    )
    .argument('<photos>', 'a folder of photos, with or without labels')
    .option('--labels <csv>', 'filename,label (or target): what is known of photos')
    .addOption(
      new Option('--task <task>', 'what is said of a photo (default: single-label)').choices([...tasks]),
    )
    .option('--backbone <id|file>', 'pretrained network (default: the best one installed)')
    .addOption(
      new Option('--method <name>', 'how groups are found (default: k-means)').choices([...groupingMethods]),
    )
    .option(
      '--groups <n>',
      'how many groups (default: as many as set the photos apart best)',
      integer(1, mostGroups),
    )
    .option('--next <n>', 'how many photos to name for labelling next (default: 100)', integer(0, 1_000))
    .addOption(
      new Option('--resize <how>', 'how photos are fitted to the input').choices(['squash', 'crop', 'pad']),
    )
    .option('--device <name>', 'auto, cpu, webgpu, dml, coreml, cuda (default: auto)')
    .option(
      '--seed <n>',
      'same seed, same machine: same result (default: 0)',
      integer(Number.MIN_SAFE_INTEGER),
    )
    .option('--json', 'print one JSON document on stdout')
    .action(async (photos: string, { json, ...flags }: Flags) => {
      const result = await runExplore({ photos, ...flags });
      if (json === true) printJson(result);
      else summarize(result);
      for (const warning of result.warnings) log(`Note: ${warning}`);
      for (const { path, reason } of result.skipped) log(`Skipped ${path}: ${reason}`);
    });
}

async function runExplore(options: ExploreOptionsInput): Promise<ExploreResult> {
  const { exploreFolder } = await import('../../../service/explore/explore-folder.ts');
  const bar = new ProgressBar();
  const work = exploreFolder(options, interruptible());
  let message = '';
  try {
    for (let seq = 1; ; seq++) {
      const { value, done } = await work.next();
      if (done === true) return value;
      const about = { jobId: 'explore', seq, stage: 'features' } as const;
      if (value.message !== message) bar.show({ ...about, type: 'stage', message: value.message });
      message = value.message;
      const { done: at, total, unit } = value;
      if (at > 0) bar.show({ ...about, type: 'batch', done: at, total, unit, rate: null, eta: null });
    }
  } finally {
    bar.clear();
  }
}

/** Lines of each list that people are shown; all of them come with --json. */
const shown = 10;

function summarize(result: ExploreResult): void {
  const { total, clusters, duplicates, anomalies, labelErrors, next, nextBy } = result;
  print(`${count(total, 'photo')} in ${count(clusters.length, 'group')}:`);
  for (const [at, { size, paths }] of clusters.entries())
    print(`  Group ${at + 1}: ${count(size, 'photo')}, such as ${paths.slice(0, 3).join(', ')}`);
  list(
    'Copies and versions of one shot',
    duplicates,
    ({ kind, paths }) => `${kind === 'exact' ? 'the same' : 'alike'}: ${paths.join(', ')}`,
  );
  list('Photos that belong least', anomalies, ({ path, reason }) =>
    reason === undefined ? path : `${path}: ${oddFactWords(reason)}`,
  );
  list(
    'Labels and numbers that may be wrong',
    labelErrors,
    ({ path, given, suggested, score }) => `${path}: ${given}, rather ${suggested}? (${percent(score)})`,
  );
  const by = nextBy === 'diversity' ? ' (by how many others each stands for alone)' : '';
  list(`Label these next${by}`, next, ({ path }) => path);
  print('\nAll of it, and a map: --json.');
}

function list<One>(title: string, all: readonly One[], line: (one: One) => string): void {
  if (all.length === 0) return;
  print(
    `\n${title}${all.length > shown ? ` (the first ${shown} of ${all.length.toLocaleString('en')})` : ''}:`,
  );
  for (const one of all.slice(0, shown)) print(`  ${line(one)}`);
}
