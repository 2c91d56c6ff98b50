import { HolotypeError } from '../../../src/contract/errors.ts';
import type { Handlers } from '../../../src/contract/server.ts';
import type { TrainPlan, TrainSettings } from '../../../src/contract/train-settings.ts';
import type { Emitter } from '../../../src/service/emitter.ts';
import { addJob } from './jobs.ts';
import type { FakeProject, World } from './world.ts';

/** Training, as far as it is asked for: a test tells what becomes of the job it starts. */
export function trainTable(world: World, events: Emitter): Partial<Handlers> {
  const find = (id: string): FakeProject => {
    const project = world.projects.get(id);
    if (project === undefined) throw new HolotypeError('not-found', 'The project is not open.');
    return project;
  };
  return {
    'train.plan': async ({ project, settings }) => ({
      ...planOf(find(project), settings, world),
      ...world.plan,
    }),
    'train.start': async ({ project }) => ({ job: addTraining(world, events, project) }),
  };
}

/** Puts a training on the list: running, or waiting where one runs. @returns its id */
export function addTraining(
  world: World,
  events: Emitter,
  project: string,
  over: Partial<Parameters<typeof addJob>[2]> = {},
): string {
  const waits = [...world.jobs.values()].some(
    ({ summary }) => summary.kind === 'train' && ['queued', 'running', 'paused'].includes(summary.state),
  );
  return addJob(world, events, {
    kind: 'train',
    title: `Training of ${world.projects.get(project)?.state.name ?? ''}`,
    project,
    state: waits ? 'queued' : 'running',
    canPause: !waits,
    canStop: !waits,
    ...over,
  });
}

function planOf({ photos, state }: FakeProject, settings: TrainSettings, world: World): TrainPlan {
  const labelled = photos.filter(({ labels }) => labels.length > 0).length;
  const val = Math.round(labelled * (settings.valFraction ?? 0.2));
  const test = Math.round(labelled * (settings.testFraction ?? 0));
  const id = settings.backbone ?? 'mobilenet-v2';
  const model = world.models.find((one) => one.id === id);
  const name = model?.name ?? id;
  const slow = settings.quality !== 'quick';
  return {
    obstacles: [],
    warnings:
      state.counts.unlabeled > 0
        ? [`${state.counts.unlabeled} photos have no label and will not be learned from.`]
        : [],
    advice: [],
    steps: [
      `Divide the photos: about ${labelled - val - test} to learn from, ${val} to check on. Copies and photos that look the same stay together.`,
      `Compute what ${name} sees in each photo, and of its mirror image, on this device: processor. It is kept for next time.`,
      'Train a new head on that, at a few strengths of regularization, and take the best.',
      ...(slow
        ? [
            'Fine-tune the last blocks of the backbone with the head, if the photos to check on can show that it helps and it takes no more than 30 minutes; keep what they prefer.',
          ]
        : []),
      'Save the model, check it against the trained one on real photos, and write a report.',
    ],
    device: { id: 'cpu', name: 'Processor' },
    backbone: {
      id,
      name,
      installed: model?.installed === true,
      downloadBytes: model?.installed === true ? 0 : (model?.size ?? 0),
    },
    counts: { train: labelled - val - test, val, test },
    seconds: slow
      ? {
          low: 41,
          high: 1320,
          basis:
            'As fast as the last trainings on this machine. Most of the longer time would be fine-tuning.',
        }
      : { low: 24, high: 48, basis: 'As fast as the last trainings on this machine.' },
    settings: { quality: 'balanced', ...settings },
  };
}
