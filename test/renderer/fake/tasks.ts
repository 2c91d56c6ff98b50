import type { Task } from '../../../src/contract/project.ts';
import type { RunPhoto } from '../../../src/contract/runs.ts';
import type { Suspect } from '../../../src/contract/suspects.ts';
import { evaluateLabels } from '../../../src/engine/evaluate/multi-label.ts';
import { evaluateNumbers } from '../../../src/engine/evaluate/numbers.ts';
import { addResult, runId } from './results.ts';
import type { FakeProject } from './world.ts';

/** Puts a finished run of several labels or of numbers into a project; its figures are computed as the engine does. */
export function addTaskResult(project: FakeProject, task: Exclude<Task, 'single-label'>): void {
  addResult(project, { number: 1 });
  const id = runId(1);
  const classes = project.state.classes.map(({ name }) => name);
  const before = project.runPhotos.get(id) ?? [];
  const photos = before.map((photo, at) =>
    task === 'regression' ? numbered(photo, at) : labelled(photo, at, classes),
  );
  const metrics =
    task === 'regression'
      ? evaluateNumbers(
          photos.map(({ value }) => value?.predicted ?? 0),
          photos.map(({ value }) => value?.truth ?? 0),
        )
      : evaluateLabels({
          logits: Float32Array.from(
            photos.flatMap(({ probabilities }) => probabilities),
            (p) => Math.log(p / (1 - p)),
          ),
          targets: Float32Array.from(
            photos.flatMap(({ labels }) =>
              classes.map((name) => (labels?.truth.includes(name) === true ? 1 : 0)),
            ),
          ),
          classes,
        });
  project.runPhotos.set(id, photos);
  const detail = project.details.get(id);
  if (detail?.result === null || detail === undefined) throw new Error('The fake run is gone.');
  const { regression } = metrics;
  const summary = {
    ...detail.summary,
    task,
    accuracy: metrics.accuracy,
    accuracyInterval: metrics.accuracyInterval,
    macroF1: metrics.macroF1,
    ...(regression === undefined ? {} : { mae: regression.mae, r2: regression.r2 }),
  };
  project.runs = project.runs.map((run) => (run.id === id ? summary : run));
  const result = {
    ...detail.result,
    task,
    classes: task === 'regression' ? [] : classes,
    metrics: { val: metrics },
  };
  project.details.set(id, { ...detail, summary, result, advice: [] });
  project.suspects.set(id, suspectsOf(photos, task));
  project.photos = project.photos.map((row) => {
    const known = photos.find(({ photo }) => photo === row.id);
    if (known === undefined) return row;
    const { labels, value } = known;
    return {
      ...row,
      labels: labels?.truth ?? [],
      ...(value === undefined ? {} : { target: value.truth }),
    };
  });
  project.state = { ...project.state, task };
}

/** Two of the photos that were answered otherwise than they are. */
function suspectsOf(photos: readonly RunPhoto[], task: Task): Suspect[] {
  return photos
    .flatMap(({ photo, path, labels, value }): Suspect[] => {
      if (task === 'regression' && value !== undefined && value.truth !== value.predicted) {
        const { truth: given, predicted } = value;
        const number = { given, predicted, deviations: 4 };
        return [{ photo, path, given: `${given}`, suggested: `${predicted}`, score: 0.25, number }];
      }
      const name = labels?.predicted.find((one) => !labels.truth.includes(one));
      if (name === undefined) return [];
      const label = { name, seems: 'missing' as const, confidence: 0.9 };
      return [{ photo, path, given: `not ${name}`, suggested: name, score: 0.5, label }];
    })
    .slice(0, 2);
}

function numbered(photo: RunPhoto, at: number): RunPhoto {
  const truth = 10 + ((at * 7) % 50);
  const predicted = truth + ((at % 9) - 4) * 1.5;
  return {
    ...photo,
    truth: `${truth}`,
    predicted: `${predicted}`,
    value: { truth, predicted },
    confidence: 0,
    probabilities: [],
  };
}

function labelled(photo: RunPhoto, at: number, classes: readonly string[]): RunPhoto {
  const truth = classes.filter((_, c) => (at + c) % (c + 2) === 0);
  const probabilities = classes.map((name, c) => {
    const wrong = (at * (c + 3)) % 13 === 5;
    return truth.includes(name) !== wrong ? 0.9 : 0.1;
  });
  const predicted = classes.filter((_, c) => (probabilities[c] ?? 0) >= 0.5);
  return {
    ...photo,
    truth: truth.join('; '),
    predicted: predicted.join('; '),
    labels: { truth, predicted },
    confidence: 0.9,
    probabilities,
  };
}
