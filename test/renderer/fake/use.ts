import type { Download } from '../../../src/contract/app.ts';
import { HolotypeError } from '../../../src/contract/errors.ts';
import type { Handlers } from '../../../src/contract/server.ts';
import type { Task } from '../../../src/contract/project.ts';
import type { Answer, Answers, Exported } from '../../../src/contract/use.ts';
import type { Emitter } from '../../../src/service/emitter.ts';
import { addJob, changeJob } from './jobs.ts';
import type { World } from './world.ts';

/** Answers of a job of the fake engine; a test may put more into it, and tell the job's progress. */
export interface FakePrediction {
  /** Absent: single-label. */
  readonly task?: Task;
  readonly classes: string[];
  readonly answers: Answer[];
  readonly failed: Answers['failed'];
  /** What comparing all photos has shown. */
  novelty?: Answers['novelty'];
}

/** What predictions and exports have come to. */
interface Used {
  readonly predictions: Map<string, FakePrediction>;
  readonly exports: Map<string, Exported[]>;
  /** What jobs have made to be saved. */
  readonly made: Map<string, Download>;
}

const all = new WeakMap<World, Used>();

function used(world: World): Used {
  const now = all.get(world) ?? { predictions: new Map(), exports: new Map(), made: new Map() };
  all.set(world, now);
  return now;
}

const unknownBelow = 0.6;
const download = 'download0123456789abcdef';

/** So many answers: most sure, every eleventh unknown. */
export function someAnswers(count: number, classes: readonly string[]): Answer[] {
  return Array.from({ length: count }, (_, index): Answer => {
    const label = classes[(index * 7) % classes.length] ?? '';
    const unknown = index % 11 === 5;
    const confidence = unknown ? 0.41 + (index % 10) / 100 : 0.7 + ((index * 13) % 30) / 100;
    const rest = (1 - confidence) / (classes.length - 1);
    return {
      index,
      path: `garden/2025/IMG_${String(index + 1).padStart(4, '0')}.jpg`,
      label,
      confidence,
      unknown,
      probabilities: classes.map((name) => (name === label ? confidence : rest)),
    };
  });
}

/** Puts answers into the fake engine, with a job that has ended or is under way. @returns the job's id */
export function addAnswers(
  world: World,
  events: Emitter,
  project: string,
  {
    count,
    total = count,
    failed = [],
    task,
  }: { count: number; total?: number; failed?: Answers['failed']; task?: 'multi-label' | 'regression' },
): string {
  const classes = (world.projects.get(project)?.state.classes ?? []).map(({ name }) => name);
  const over = count === total;
  const job = addJob(world, events, {
    kind: 'predict',
    title: 'Answers for garden',
    project,
    state: over ? 'done' : 'running',
    canPause: true,
    canStop: true,
    progress: {
      stage: null,
      message: 'Answering',
      done: count,
      total,
      unit: 'photos',
      rate: 42.5,
      eta: (total - count) / 42.5,
    },
  });
  const answers = someAnswers(count, classes).map((answer): Answer => {
    const { index, label } = answer;
    if (task === undefined) return answer;
    if (task === 'regression') {
      const value = 100 - index * 2.5;
      // One of them is of a photo like none the model learned from.
      const unlike = index === 4;
      return {
        ...answer,
        label: `${value}`,
        value,
        confidence: 0,
        unknown: unlike,
        unlike,
        probabilities: [],
      };
    }
    const labels = index === 3 ? [] : classes.filter((name, c) => name === label || (index + c) % 4 === 0);
    return { ...answer, label: labels.join('; '), labels, unknown: index === 4, unlike: index === 4 };
  });
  const told = { answers, failed: [...failed] };
  used(world).predictions.set(
    job,
    task === undefined
      ? { classes, ...told }
      : { task, classes: task === 'regression' ? [] : classes, ...told },
  );
  return job;
}

/** A job that runs has answered for some photos more. */
export function growAnswers(world: World, events: Emitter, job: string, by: number): void {
  const prediction = used(world).predictions.get(job);
  const progress = world.jobs.get(job)?.summary.progress ?? null;
  if (prediction === undefined || progress === null) throw new Error(`There is no job ${job} that answers.`);
  const { answers, classes } = prediction;
  answers.push(...someAnswers(answers.length + by, classes).slice(answers.length));
  changeJob(world, events, job, { progress: { ...progress, done: answers.length } });
}

/** All photos of a job were compared: every fifth shows something new. */
export function compareAnswers(world: World, job: string): void {
  const prediction = used(world).predictions.get(job);
  if (prediction === undefined) throw new Error(`There is no job ${job} that answers.`);
  const { answers } = prediction;
  for (const [at, answer] of answers.entries())
    if (at % 5 === 2) answers[at] = { ...answer, unknown: true, unlike: true };
  const marked = answers.filter(({ unlike }) => unlike === true).length;
  const photos = answers.length;
  prediction.novelty = { photos, share: 0.26, atLeast: marked / photos, most: false, marked };
}

/** The engine's camera: what it says of every picture. */
export const cameraAnswer = {
  label: 'rust',
  confidence: 0.87,
  probabilities: [0.09, 0.87, 0.04],
  classes: ['healthy', 'rust', 'powdery mildew'],
  unknown: false,
};

const formats = [
  { id: 'onnx', name: 'ONNX', purpose: 'One file that runs nearly everywhere: Python, JavaScript, phones.' },
  { id: 'tfjs', name: 'TensorFlow.js', purpose: 'For web pages, and for tools of Teachable Machine.' },
  { id: 'holotype', name: 'Holotype model', purpose: 'Everything, for Holotype on another machine.' },
];

function exportedAs(id: string): Exported {
  const format = formats.find((one) => one.id === id);
  if (format === undefined) throw new HolotypeError('bad-usage', `There is no export format "${id}".`);
  return {
    format,
    folder: `~/.local/share/holotype/projects/leaves/models/run/exports/${id}`,
    files: [
      { path: 'model.onnx', bytes: 13_912_000 },
      { path: 'holotype.json', bytes: 2_100 },
      { path: 'labels.txt', bytes: 31 },
    ],
    bytes: 13_914_131,
    parity: id === 'holotype' ? null : { difference: 0.0000017, tolerance: 0.0001, photos: 32 },
    snippets: [
      {
        language: 'python',
        name: 'Python',
        code: 'import onnxruntime\n\nsession = onnxruntime.InferenceSession("leaves-onnx/model.onnx")\nprint(session.run(None, {"image": photo}))\n',
      },
      {
        language: 'javascript',
        name: 'JavaScript (Node)',
        code: "import { InferenceSession } from 'onnxruntime-node';\n",
      },
      { language: 'shell', name: 'Command line', code: 'holotype predict "leaves-onnx" photo.jpg\n' },
    ],
    download,
  };
}

/** Predictions and exports. */
export function useTable(world: World, events: Emitter): Partial<Handlers> {
  const find = (job: string): FakePrediction => {
    const found = used(world).predictions.get(job);
    if (found === undefined) throw new HolotypeError('not-found', 'These answers are no longer there.');
    return found;
  };
  return {
    'predict.start': async ({ project }) => ({
      job: addAnswers(world, events, project, { count: 40, total: 120 }),
    }),
    'predict.answers': async ({ job, offset, limit }) => {
      const { task, classes, answers, failed, novelty } = find(job);
      const page = answers.slice(offset, offset + limit);
      const told = { classes, unknownBelow, total: answers.length, answers: page, failed };
      return {
        job,
        ...(task === undefined ? {} : { task }),
        ...told,
        ...(novelty === undefined ? {} : { novelty }),
      };
    },
    'predict.table': async ({ job }) => ({
      download,
      name: 'garden.csv',
      bytes: find(job).answers.length * 80,
    }),
    'predict.sort': async ({ job, into }) => {
      const { length } = find(job).answers;
      const project = world.jobs.get(job)?.summary.project ?? null;
      const progress = { stage: null, message: 'Copying photos', unit: 'photos', rate: null, eta: null };
      const id = addJob(world, events, {
        kind: 'sort',
        title: into === undefined ? 'Sorting garden' : 'Sorting garden into Sorted',
        project,
        progress: { ...progress, done: length / 2, total: length },
      });
      if (into === undefined) used(world).made.set(id, { download, name: 'garden, sorted.zip', bytes: 1e6 });
      return { job: id };
    },
    'jobs.download': async ({ job }) => used(world).made.get(job) ?? null,
    'export.formats': async () => formats,
    'export.start': async ({ project, formats: wanted }) => {
      const id = addJob(world, events, { kind: 'export', title: 'Export of Leaf diseases', project });
      used(world).exports.set(id, wanted.map(exportedAs));
      changeJob(world, events, id, { state: 'done' });
      return { job: id };
    },
    'export.result': async ({ job }) => {
      const made = used(world).exports.get(job);
      if (made === undefined) throw new HolotypeError('not-found', 'This export was not finished.');
      return made;
    },
    'projects.share': async ({ project }) => {
      const id = addJob(world, events, { kind: 'share', title: 'Archive of Leaf diseases', project });
      used(world).made.set(id, { download, name: 'Leaf diseases.zip', bytes: 4e7 });
      changeJob(world, events, id, { state: 'done' });
      return { job: id };
    },
  };
}
