import { basename, dirname, join, posix } from 'node:path';
import type { Download } from '../../contract/app.ts';
import { HolotypeError } from '../../contract/errors.ts';
import type { Source } from '../../contract/ids.ts';
import type { JobSummary } from '../../contract/jobs.ts';
import type { BatchNovelty } from '../../contract/predict.ts';
import type { Task } from '../../contract/project.ts';
import type { Answer, Answers } from '../../contract/use.ts';
import { writeFileAtomic } from '../../store/atomic.ts';
import { exists, fileSize, isFolder } from '../../store/folders.ts';
import { LineFile } from '../../store/line-file.ts';
import type { ScratchFolder } from '../../store/scratch-folder.ts';
import { openStream } from '../../store/streams.ts';
import { createZip } from '../../store/zip-writer.ts';
import { checkSortable, sortedFolder, sortInto, tableOf } from '../deliver.ts';
import type { Downloads } from '../downloads.ts';
import type { Jobs, JobTools } from '../jobs/jobs.ts';
import type { Places } from '../places.ts';
import type { OpenProjects } from '../projects/open-projects.ts';
import { asStranger } from '../strangers.ts';
import type { Uploads } from '../uploads.ts';
import { modelOf } from './model-of.ts';
import { answerLineSchema, predictNewsSchema, type PredictRequest } from './predict-request.ts';

export interface PredictDeps {
  readonly jobs: Jobs;
  readonly projects: Pick<OpenProjects, 'get'>;
  readonly places: Places;
  readonly uploads: Pick<Uploads, 'folderOf'>;
  readonly downloads: Downloads;
  readonly scratch: ScratchFolder;
}

/** Answers for photos that belong to no project. They lie on the disk, so that there may be any number. */
export interface Predictions {
  start(project: string, run: string, source: Source): Promise<JobSummary>;
  /** Some of the answers there are by now. @throws HolotypeError('not-found') */
  answers(job: string, offset: number, limit: number): Promise<Answers>;
  /** All answers there are by now as CSV. */
  table(job: string): Promise<Download>;
  /** Copies the photos, below the folder `into` or into an archive. @throws HolotypeError('busy') before the end */
  sort(job: string, into: string | undefined): Promise<JobSummary>;
  /** Where the photo of an answer lies. */
  fileOf(job: string, index: number): Promise<{ folder: string; path: string } | undefined>;
}

interface Prediction {
  /** Absolute: what the answers' paths are relative to. */
  readonly root: string;
  readonly lines: LineFile;
  readonly name: string;
  readonly task: Task;
  readonly classes: readonly string[];
  readonly unknownBelow: number;
  readonly failed: Answers['failed'];
  /** What comparing all photos has shown; undefined before, and where they were not compared. */
  compared?: { readonly novelty: BatchNovelty; readonly marked: ReadonlySet<number> };
}

/** More reasons would not be read; the count of photos without an answer is known all the same. */
const mostFailed = 1_000;
/** Answers that are read at a time. */
const page = 1_000;

export function createPredictions(deps: PredictDeps): Predictions {
  const { jobs, downloads, scratch } = deps;
  const all = new Map<string, Prediction>();
  let made = 0;
  const predictionOf = (job: string): Prediction => {
    const found = all.get(job);
    if (found !== undefined) return found;
    throw new HolotypeError('not-found', 'These answers are no longer there.', {
      remedy: 'Let the model answer again.',
    });
  };

  return {
    async start(project, run, source) {
      const { folder, about } = await modelOf(deps.projects, project, run);
      const path =
        'place' in source ? deps.places.pathOf(source.place) : deps.uploads.folderOf(source.upload);
      if (!(await exists(path)))
        throw new HolotypeError('not-found', `"${basename(path)}" is not where it was.`, {
          remedy: 'Choose the photos again.',
        });
      const name = 'place' in source ? basename(path) : 'your photos';
      made += 1;
      const answers = await scratch.file(`answers-${made}.jsonl`);
      const failed: Answers['failed'] = [];
      const prediction: Prediction = {
        root: (await isFolder(path)) ? path : dirname(path),
        lines: new LineFile(answers),
        name,
        task: about.task,
        classes: about.classes,
        unknownBelow: about.unknownBelow,
        failed,
      };
      const request: PredictRequest = { model: folder, source: path, answers };
      const summary = jobs.heavy({
        kind: 'predict',
        project,
        title: `Answers for ${name}`,
        canPause: true,
        canStop: true,
        task: 'predict',
        request,
        onNews: (news) => {
          if (news.type !== 'result') return;
          const said = predictNewsSchema.parse(news.data);
          if ('novelty' in said) prediction.compared = { ...said, marked: new Set(said.marked) };
          else if (failed.length < mostFailed) failed.push(...said.failed);
        },
      });
      all.set(summary.id, prediction);
      return summary;
    },
    async answers(job, offset, limit) {
      const prediction = predictionOf(job);
      const { lines, task, classes, unknownBelow, failed, compared } = prediction;
      const total = await lines.count();
      return {
        job,
        ...(task === 'single-label' ? {} : { task }),
        classes: [...classes],
        unknownBelow,
        total,
        answers: await read(prediction, offset, limit),
        failed: [...failed],
        ...(compared === undefined ? {} : { novelty: compared.novelty }),
      };
    },
    async table(job) {
      const prediction = predictionOf(job);
      const { name } = prediction;
      const path = await scratch.file(`${job}.csv`);
      await writeFileAtomic(path, tableOf(prediction, everyOne(prediction)));
      const bytes = (await fileSize(path)) ?? 0;
      return downloads.offer({ name: `${name}.csv`, type: 'text/csv', content: { path, bytes } });
    },
    async sort(job, into) {
      const prediction = predictionOf(job);
      const { lines, name, task } = prediction;
      checkSortable(task);
      const { state, project } = jobs.get(job);
      if (['queued', 'running', 'paused'].includes(state))
        throw new HolotypeError('busy', 'The model is still answering.', {
          remedy: 'Wait until it is done, or stop it.',
        });
      const target = into === undefined ? undefined : deps.places.pathOf(into);
      return jobs.light({
        kind: 'sort',
        ...(project === null ? {} : { project }),
        title: target === undefined ? `Sorting ${name}` : `Sorting ${name} into ${basename(target)}`,
        work: async (tools) => {
          const progress = await progressOf(lines, tools);
          const photos = absolute(prediction);
          if (target !== undefined) {
            const options = { signal: tools.signal, skipGone: true, onProgress: progress.at };
            progress.end(await sortInto(target, photos, options));
            return {};
          }
          const path = await scratch.file(`${tools.id}.zip`);
          progress.end(await archive(path, photos, progress.at, tools.signal));
          const bytes = (await fileSize(path)) ?? 0;
          const file = { name: `${name}, sorted.zip`, type: 'application/zip', content: { path, bytes } };
          return { download: downloads.offer(file) };
        },
      });
    },
    async fileOf(job, index) {
      const found = all.get(job);
      if (found === undefined) return undefined;
      const [answer] = await read(found, index, 1);
      return answer === undefined ? undefined : { folder: found.root, path: answer.path };
    },
  };
}

type Written = Pick<Prediction, 'lines' | 'compared'>;

async function read({ lines, compared }: Written, offset: number, limit: number): Promise<Answer[]> {
  return (await lines.read(offset, limit)).map((line, at) => {
    const answer = { index: offset + at, ...answerLineSchema.parse(JSON.parse(line)) };
    return compared?.marked.has(answer.index) === true ? asStranger(answer) : answer;
  });
}

async function* everyOne(written: Written): AsyncGenerator<Answer, void> {
  for (let offset = 0; ; offset += page) {
    const some = await read(written, offset, page);
    yield* some;
    if (some.length < page) return;
  }
}

async function* absolute(prediction: Prediction): AsyncGenerator<Answer, void> {
  for await (const answer of everyOne(prediction))
    yield { ...answer, path: join(prediction.root, answer.path) };
}

async function progressOf(
  lines: LineFile,
  tools: JobTools,
): Promise<{ at: (done: number) => void; end: (copied: number) => void }> {
  const total = await lines.count();
  const unit = 'photos';
  return {
    at: (done) => tools.progress({ message: 'Copying photos', done, total, unit }),
    end: (copied) => {
      const gone = total - copied;
      const message =
        gone === 0 ? 'Copied all photos' : `Copied ${copied} photos; ${gone} were no longer there`;
      tools.progress({ message, done: total, total, unit });
    },
  };
}

/** An archive with a folder per answer. @returns photos in it */
async function archive(
  path: string,
  photos: AsyncIterable<Answer>,
  onProgress: (done: number) => void,
  signal: AbortSignal,
): Promise<number> {
  const zip = await createZip(path);
  const taken = new Set<string>();
  let done = 0;
  let copied = 0;
  try {
    for await (const answer of photos) {
      signal.throwIfAborted();
      const file = await openStream(answer.path).catch(async (error: unknown) => {
        if (await exists(answer.path)) throw error;
        return undefined;
      });
      if (file !== undefined) {
        await zip.add(freeName(taken, sortedFolder(answer), basename(answer.path)), file.chunks);
        copied += 1;
      }
      done += 1;
      onProgress(done);
    }
    await zip.finish();
    return copied;
  } finally {
    await zip.abandon();
  }
}

/** `name (2).jpg` when the name is taken; some systems don't tell capitals from small letters. */
function freeName(taken: Set<string>, folder: string, name: string): string {
  const { name: stem, ext } = posix.parse(name);
  for (let n = 1; ; n += 1) {
    const free = `${folder}/${n === 1 ? name : `${stem} (${n})${ext}`}`;
    if (taken.has(free.toLowerCase())) continue;
    taken.add(free.toLowerCase());
    return free;
  }
}
