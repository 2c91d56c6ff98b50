import { HolotypeError } from '../../contract/errors.ts';
import { deviceChoiceSchema, type DeviceId } from '../../contract/devices.ts';
import type { Advice } from '../../contract/metrics.ts';
import type { ModelInfo } from '../../contract/models.ts';
import type { Task } from '../../contract/project.ts';
import type { ObstacleRemedy, TrainPlan, TrainSettings } from '../../contract/train-settings.ts';
import type { TrainOptions } from '../../contract/train.ts';
import { adviseOnBalance } from '../../engine/evaluate/advice-data.ts';
import { deviceName } from '../../engine/devices/list-devices.ts';
import { isFolder } from '../../store/folders.ts';
import { labelSeparator } from '../../engine/data/label-names.ts';
import { chooseDevice } from '../devices.ts';
import type { WorkerCalls } from '../jobs/worker-calls.ts';
import { defaultBackbone, listModels } from '../models.ts';
import type { OpenProject } from '../projects/open-projects.ts';
import { checkOptions } from '../train/check.ts';
import { autoBudget, mixingTrouble } from '../train/finetune-settings.ts';
import { headViews, presetOf } from '../train/augmenting.ts';
import { measuredSchema, type MeasureRequest } from './measure-request.ts';
import { readRuns } from './project-runs.ts';
import { optionsOf, settled } from './quality.ts';
import { amountsOf, estimate, rememberSpeed, speedOf } from './speeds.ts';
import { classSizes, countSplits, trainingPhotos, type TrainingPhoto } from './training-photos.ts';

export interface PlanDeps {
  readonly calls: WorkerCalls;
  /** What the person has set for all projects: a device, or `auto`. */
  readonly usualDevice: () => Promise<string>;
  /** Whether the worker is computing: what is measured meanwhile says nothing. */
  readonly isComputing: () => boolean;
}

type Obstacle = TrainPlan['obstacles'][number];

/** Classes with fewer photos are hardly learned; as in the advice after training. */
const fewPhotos = 10;
/** Photos that the backbone's speed is tried with. */
const triedPhotos = 4;
/** A try that takes longer is given up (ms): the plan comes without an estimate. */
const patience = 20_000;

/** What a training of a project would do. */
export async function planTraining(
  deps: PlanDeps,
  open: OpenProject,
  chosen: TrainSettings,
  signal?: AbortSignal,
): Promise<TrainPlan> {
  const { task } = open.state();
  const photos = trainingPhotos(open.project.assets.values(), task);
  const settings = settled(
    { ...chosen, device: chosen.device ?? (await deps.usualDevice()) },
    // The share that is learned from; a photo more or less changes nothing.
    Math.round(photos.length * (1 - (chosen.valFraction ?? 0.2))),
  );
  const options = { ...optionsOf(settings), task };
  const obstacles = [
    ...(await projectObstacles(open)),
    ...labelObstacles(photos, task),
    ...attempt('defaults', () => checkOptions(options)),
  ];
  const counts = { train: 0, val: 0, test: 0 };
  if (obstacles.length === 0)
    obstacles.push(...attempt('defaults', () => void Object.assign(counts, countSplits(photos, options))));

  const device = await deviceOf(options, obstacles, signal);
  const backbone = await backboneOf(options, obstacles);
  const seconds =
    obstacles.length > 0 || !backbone.installed
      ? null
      : await secondsOf(deps, open, { options, photos, counts, device, backbone: backbone.id }, signal);
  return {
    obstacles,
    warnings: [...warningsOf(open, photos), ...mixingWarnings(options, counts.train)],
    advice: balanceAdvice(photos, options),
    steps: obstacles.length > 0 ? [] : stepsOf(options, counts, device, backbone),
    device: { id: device, name: deviceName(device) },
    backbone,
    counts,
    seconds,
    settings,
  };
}

async function projectObstacles(open: OpenProject): Promise<Obstacle[]> {
  const { readOnly, name } = open.state();
  const obstacles: Obstacle[] = [];
  if (readOnly !== null)
    obstacles.push({
      message: `"${name}" is open for reading only: ${readOnly.holder} has it open for writing.`,
      action: 'Take it over, or close it there.',
      remedy: 'take-over',
    });
  if (!(await isFolder(open.photoFolder)))
    obstacles.push({
      message: 'The folder with the photos is not where it was.',
      action: 'Connect the drive, or move the folder back; then look again.',
      remedy: 'look-again',
    });
  return obstacles;
}

function labelObstacles(photos: readonly TrainingPhoto[], task: Task): Obstacle[] {
  if (task === 'regression') return numberObstacles(photos);
  const sizes = classSizes(photos);
  const [only] = sizes;
  if (only === undefined)
    return [
      {
        message: 'No photo has a label yet.',
        action:
          task === 'multi-label'
            ? 'Give photos their labels; those that have none of them are not learned from.'
            : 'Give photos of two or more classes their labels.',
        remedy: 'labels',
      },
    ];
  const torn = sizes.find(([name]) => name.includes(labelSeparator));
  if (task === 'multi-label' && torn !== undefined)
    return [
      {
        message: `The label "${torn[0]}" has a “${labelSeparator}” in its name, which stands between several labels.`,
        action: 'Give it another name.',
        remedy: 'labels',
      },
    ];
  if (task === 'multi-label' && sizes.every(([, count]) => count === photos.length))
    return [
      {
        message: 'All photos have the same labels.',
        action: 'Label photos that differ: training learns to tell who has a label from who has not.',
        remedy: 'labels',
      },
    ];
  if (sizes.length === 1 && task === 'single-label')
    return [
      {
        message: `All labelled photos are of one class, "${only[0]}".`,
        action: 'Label photos of another class, too: training learns to tell classes apart.',
        remedy: 'labels',
      },
    ];
  return [];
}

function numberObstacles(photos: readonly TrainingPhoto[]): Obstacle[] {
  if (photos.length === 0)
    return [
      {
        message: 'No photo has a number yet.',
        action: 'Give photos their numbers, one by one or from a table.',
        remedy: 'labels',
      },
    ];
  if (new Set(photos.map(({ target }) => target)).size > 1) return [];
  return [
    {
      message: 'All photos have the same number.',
      action: 'Give photos with other numbers theirs, too.',
      remedy: 'labels',
    },
  ];
}

function attempt(remedy: ObstacleRemedy, work: () => void): Obstacle[] {
  try {
    work();
    return [];
  } catch (error) {
    return [obstacleOf(error, remedy)];
  }
}

function obstacleOf(error: unknown, where: ObstacleRemedy): Obstacle {
  if (!(error instanceof HolotypeError)) throw error;
  // Flags are the command line's; here there are settings.
  const { message, remedy = '--' } = error;
  return { message, action: remedy.includes('--') ? 'Change the settings.' : remedy, remedy: where };
}

/** Nothing where training makes up for it already: it is known, and was acted on. */
function balanceAdvice(photos: readonly TrainingPhoto[], options: TrainOptions): Advice[] {
  const classCounts = classSizes(photos).map(([name, train]) => ({ class: name, train }));
  const advice = adviseOnBalance({ classCounts, options, photo: 'photo' });
  return advice?.fix === undefined ? [] : [advice];
}

function warningsOf(open: OpenProject, photos: readonly TrainingPhoto[]): string[] {
  const { scan, counts } = open.state();
  const sizes = classSizes(photos);
  const warnings: string[] = [];
  const few = sizes.filter(([, count]) => count < fewPhotos);
  if (few.length > 0)
    warnings.push(
      `Few photos to learn from: ${few.map(([name, count]) => `"${name}" has ${count}`).join(', ')}. Some ${2 * fewPhotos} of each class are a good beginning.`,
    );
  const { task } = open.state();
  const without =
    task === 'regression' ? Math.max(0, counts.photos - counts.excluded - photos.length) : counts.unlabeled;
  if (without > 0) {
    const what = without === 1 ? '1 photo has' : `${without} photos have`;
    warnings.push(`${what} no ${task === 'regression' ? 'number' : 'label'} and will not be learned from.`);
  }
  if (scan !== null) warnings.push('The folder is still being looked through: more photos may be found.');
  return warnings;
}

async function deviceOf(
  { device }: TrainOptions,
  obstacles: Obstacle[],
  signal: AbortSignal | undefined,
): Promise<DeviceId> {
  // An unknown name was found among the other options.
  if (!deviceChoiceSchema.safeParse(device).success) return 'cpu';
  return chooseDevice(device, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    if (signal?.aborted === true) throw error;
    obstacles.push(obstacleOf(error, 'device'));
    return 'cpu';
  });
}

async function backboneOf(options: TrainOptions, obstacles: Obstacle[]): Promise<TrainPlan['backbone']> {
  const id = options.backbone ?? (await defaultBackbone());
  const info: ModelInfo | undefined = (await listModels()).find((model) => model.id === id);
  if (info === undefined) {
    obstacles.push({
      message: `There is no backbone "${id}".`,
      action: 'Choose another one.',
      remedy: 'backbone',
    });
    return { id, name: id, installed: false, downloadBytes: 0 };
  }
  const { name, installed, size } = info;
  if (!installed && options.backbone !== undefined)
    obstacles.push({
      message: `${name} is not on this machine yet.`,
      action: 'Download it first.',
      remedy: 'download',
    });
  return { id, name, installed, downloadBytes: installed ? 0 : size };
}

interface Planned {
  readonly options: TrainOptions;
  readonly photos: readonly TrainingPhoto[];
  readonly counts: TrainPlan['counts'];
  readonly device: DeviceId;
  readonly backbone: string;
}

async function secondsOf(
  deps: PlanDeps,
  open: OpenProject,
  planned: Planned,
  signal: AbortSignal | undefined,
): Promise<TrainPlan['seconds']> {
  const { options, counts, device, backbone } = planned;
  let speed = await speedOf(device, backbone);
  if (speed.features === undefined && !deps.isComputing()) {
    const features = await tryOut(deps, open, planned, signal);
    if (features !== undefined) {
      speed = { ...speed, features, tried: true };
      await rememberSpeed(device, backbone, { features, tried: true });
    }
  }
  const cached = (await readRuns(open.folder)).some(({ result }) => result?.backbone === backbone);
  const range = estimate(speed, options, amountsOf(options, counts), cached);
  if (range === undefined) return null;
  const basis =
    speed.head === undefined
      ? `Tried with ${triedPhotos} of your photos; after the first training it is known better.`
      : 'As fast as the last trainings on this machine.';
  const both = options.recipe === 'auto' ? ' Most of the longer time would be fine-tuning.' : '';
  return { ...range, basis: basis + both };
}

/** Seconds a view through the backbone, by a few photos; undefined when that can't be found out now. */
async function tryOut(
  { calls }: PlanDeps,
  open: OpenProject,
  { options, photos, device, backbone }: Planned,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const request: MeasureRequest = {
    backbone,
    device,
    ...(options.resize === undefined ? {} : { resize: options.resize }),
    folder: open.photoFolder,
    photos: photos.slice(0, triedPhotos).map(({ asset: { path, bytes } }) => ({ path, bytes })),
  };
  const limit = AbortSignal.timeout(patience);
  try {
    const wanted = signal === undefined ? limit : AbortSignal.any([signal, limit]);
    return measuredSchema.parse(await calls.call('measure', request, wanted)).secondsPerView;
  } catch (error) {
    // Without a measurement there is no estimate, but a plan all the same.
    if (signal?.aborted === true) throw error;
    return undefined;
  }
}

function mixingWarnings(options: TrainOptions, photos: number): string[] {
  const trouble = photos === 0 ? undefined : mixingTrouble(options, photos);
  return trouble === undefined ? [] : [trouble];
}

/** In which views photos to learn from are looked at, and what that costs. */
function viewWords(options: TrainOptions, photos: number): string {
  const [, ...more] = headViews(presetOf(options), options, photos);
  if (more.length === 0) return '';
  if (more.length === 1 && more[0] === 'flip') return ', and of its mirror image';
  const mirrored = more.includes('flip') ? ', of its mirror image' : '';
  const others = more.length - (mirrored === '' ? 0 : 1);
  return `${mirrored} and of ${others} changed views (${more.length + 1} passes over the photos to learn from instead of 1)`;
}

function stepsOf(
  options: TrainOptions,
  counts: TrainPlan['counts'],
  device: DeviceId,
  backbone: TrainPlan['backbone'],
): string[] {
  const { train, val, test } = counts;
  const forTest = test > 0 ? ` and ${test} for the final test` : '';
  const where = deviceName(device).replace(/^./, (letter) => letter.toLowerCase());
  const tail = 'the last blocks of the backbone';
  const tuning =
    options.freezeUntil === 'none'
      ? 'the whole backbone'
      : options.freezeUntil === undefined
        ? tail
        : `the backbone after ${options.freezeUntil}`;
  const looked =
    options.findFinetuneLearningRate === 'on' ? ', at a learning rate that is looked for first' : '';
  return [
    `Divide the photos: about ${train} to learn from, ${val} to check on${forTest}. Copies and photos that look the same stay together.`,
    ...(backbone.installed
      ? []
      : [`Download ${backbone.name} (${Math.max(1, Math.round(backbone.downloadBytes / 1e6))} MB), once.`]),
    `Compute what ${backbone.name} sees in each photo${viewWords(options, train)}, on this device: ${where}. It is kept for next time.`,
    ...(options.findLearningRate === 'on'
      ? ['Try ever higher learning rates for a moment, and take one that works well.']
      : []),
    options.weightDecay === undefined
      ? 'Train a new head on that, at a few strengths of regularization, and take the best.'
      : 'Train a new head on that.',
    ...(options.recipe === 'head'
      ? []
      : options.recipe === 'finetune'
        ? [`Fine-tune ${tuning} with the head${looked}, and keep it if the photos to check on prefer it.`]
        : [
            `Fine-tune ${tuning} with the head${looked}, if the photos to check on can show that it helps and it takes no more than ${autoBudget / 60} minutes; keep what they prefer.`,
          ]),
    'Save the model, check it against the trained one on real photos, and write a report.',
  ];
}
