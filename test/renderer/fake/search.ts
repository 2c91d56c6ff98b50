import { HolotypeError } from '../../../src/contract/errors.ts';
import {
  byScore,
  type ProjectSearch,
  type SearchPoint,
  type SearchTrial,
} from '../../../src/contract/search.ts';
import type { Handlers } from '../../../src/contract/server.ts';
import type { Emitter } from '../../../src/service/emitter.ts';
import { addJob, changeJob } from './jobs.ts';
import type { World } from './world.ts';

const all = new WeakMap<World, Map<string, ProjectSearch>>();

function searchesOf(world: World): Map<string, ProjectSearch> {
  const known = all.get(world) ?? new Map<string, ProjectSearch>();
  all.set(world, known);
  return known;
}

/** A trial; the further its rate is from 0.003 the worse. */
function aTrial(number: number): SearchTrial {
  const learningRate = 0.0001 * 10 ** (((number * 37) % 100) / 40);
  const loss = 0.21 + 0.08 * Math.abs(Math.log10(learningRate / 0.003)) + (number % 4) * 0.004;
  const point: SearchPoint = {
    learningRate,
    weightDecay: 0.03 * 10 ** (((number * 53) % 100) / 33),
    hidden: [[], [128], [512]][number % 3] ?? [],
    dropout: ((number * 29) % 60) / 100,
    batchSize: [16, 32, 64, 128][number % 4] ?? 16,
    flips: number % 2 === 0 ? 'on' : 'off',
    backbone: ['mobilenet-v2', 'resnet-18'][number % 2] ?? '',
  };
  const failed = number === 5;
  return {
    type: 'trial',
    number,
    point: number === 0 ? {} : point,
    share: 1,
    score: failed ? null : { loss: number === 0 ? 0.29 : loss, accuracy: 0.95 - loss / 10 },
    ...(failed ? { error: 'Training diverged: the loss is not a number.' } : {}),
    seconds: 2.4,
    elapsed: number * 2.4,
  };
}

const trials = Array.from({ length: 25 }, (_, number) => aTrial(number));

/** A search of which so many trials are done. */
const partly = (job: string, tried: number): ProjectSearch => ({
  job,
  startedAt: '2025-06-14T09:12:00.000Z',
  method: 'auto',
  wanted: { trials: null, budget: 600 },
  chosen: {
    method: 'bayes',
    why: 'Bayesian: 24 trials are enough to learn from, and too few to try everything.',
  },
  atOnce: 2,
  underWay: trials
    .slice(tried, tried + 2)
    .map(({ number, point }) => ({ number, point, share: 1, seed: null })),
  tried,
  trials: byScore(trials.slice(0, tried)),
  result: null,
});

/** A whole one: better settings were found, which may be luck. */
export function aSearch(job = 'job-000000'): ProjectSearch {
  const whole = partly(job, trials.length);
  const best = whole.trials.slice(0, 3);
  const usual = trials[0];
  return {
    ...whole,
    atOnce: null,
    underWay: [],
    result: {
      method: 'bayes',
      why: whole.chosen?.why ?? '',
      space: {
        parameters: [{ type: 'float', name: 'learningRate', low: 0.0001, high: 0.03, scale: 'log' }],
      },
      settings: { recipe: 'head', dropout: 0.25, hidden: [128], backbone: 'resnet-18' },
      verdict:
        'The best of 24 trials has a loss of 0.214, right on 92.9%; the usual settings have 0.290 and 92.1%, a difference that may be luck.',
      scoredBy: 'validation',
      looks: { validation: 37, test: 0 },
      counts: { train: 240, val: 60, test: 30 },
      finalists: [...best, ...(usual === undefined ? [] : [usual])].map(({ number, point, score }) => ({
        number,
        point,
        loss: score?.loss ?? 0,
        spread: 0.012,
        accuracy: score?.accuracy ?? null,
        seeds: [1, 2, 3],
      })),
      importance: [
        { name: 'learningRate', share: 0.61 },
        { name: 'backbone', share: 0.2 },
        { name: 'dropout', share: 0.04 },
        { name: 'flips', share: 0 },
      ],
      atOnce: 2,
      cut: 1,
      seconds: 588,
    },
  };
}

/** What came of an earlier search of a project. */
export function addSearch(world: World, project: string, search: ProjectSearch = aSearch()): void {
  searchesOf(world).set(project, search);
}

/** The search that runs has done so many trials. */
export function goOnSearching(
  world: World,
  events: Emitter,
  job: string,
  project: string,
  tried: number,
): void {
  addSearch(world, project, partly(job, tried));
  changeJob(world, events, job, {
    progress: {
      stage: null,
      message: `Trial ${tried}`,
      done: tried * 2.4,
      total: 600,
      unit: 'seconds',
      rate: 1,
      eta: 600 - tried * 2.4,
    },
  });
}

/** The search that runs is done. */
export function finishSearching(world: World, events: Emitter, job: string, project: string): void {
  addSearch(world, project, aSearch(job));
  changeJob(world, events, job, { state: 'done', endedAt: new Date().toISOString() });
}

/** Searching settings. */
export function searchTable(world: World, events: Emitter): Partial<Handlers> {
  return {
    'search.start': async ({ project }) => {
      const job = addJob(world, events, {
        kind: 'search',
        title: 'Better settings for Leaf diseases',
        project,
      });
      goOnSearching(world, events, job, project, 3);
      return { job };
    },
    'search.result': async ({ project }) => {
      const search = searchesOf(world).get(project);
      if (search === undefined) return null;
      // Nothing is under way in what has ended.
      const state = world.jobs.get(search.job)?.summary.state ?? 'done';
      return state === 'running' || state === 'queued' ? search : { ...search, underWay: [], atOnce: null };
    },
    'search.recipe': async ({ project }) => {
      if ((searchesOf(world).get(project)?.result ?? null) === null)
        throw new HolotypeError('not-found', 'There is no recipe.');
      return { download: 'recipe-token', name: 'Leaf diseases, recipe.json', bytes: 120 };
    },
  };
}
