import type { Landscape } from '../../contract/landscape.ts';
import { count, decimal, integer, percent } from '../evaluate/plain-words.ts';

type Told = Omit<Landscape, 'words'>;

/** Accuracy that is lost at the distance of sharpness, up to which a place is called flat, and up to which gentle. */
const lostAccuracy = { flat: 0.01, gentle: 0.05 };
/** The same for numbers, which are never quite right: the rise in parts of the loss itself. */
const relativeRise = { flat: 0.1, gentle: 0.5 };
/** A ridge between two runs of less than this part of the loss of guessing is none that matters. */
const barelyRidge = 0.02;
/** A place with this part of the loss of the solution is clearly lower. */
const clearlyLower = 0.9;

/** What a landscape means, in plain sentences. */
export function landscapeWords(found: Told): string[] {
  return [...shape(found), ...lower(found), ...way(found), ...moved(found)];
}

const endings = {
  flat: 'The model lies in a flat place. Flat places tend to hold on new photos, for a little change there changes little.',
  gentle: 'The model lies on gentle slopes: neither flat nor steep.',
  steep:
    'The model lies in a steep place: little changes matter much. Steep places tend to hold less well on new photos; more photos, or stronger regularization, often lead to a flatter one.',
} as const;

function shape({ centre, sharpness }: Told): string[] {
  const onVal = sharpness.val !== null && centre.val !== null;
  const rise = sharpness.val ?? sharpness.train;
  const { loss, accuracy } = centre.val ?? centre.train;
  const photos = onVal ? 'validation photos' : 'training photos';
  const step = `every filter of the head is moved in a random direction by ${sharpness.radius === 1 ? 'its own length' : `${sharpness.radius} of its own length`}`;
  if (accuracy !== null && rise.accuracy !== null) {
    const lost = accuracy - rise.accuracy;
    return [
      `When ${step}, the model is right on ${percent(rise.accuracy, 1)} of the ${photos} instead of ${percent(accuracy, 1)}. ${endings[steepness(lost, lostAccuracy)]}`,
    ];
  }
  if (loss === null || rise.rise === null)
    return [`When ${step}, the loss is no number any more: a very steep place.`];
  const relative = rise.rise / Math.max(loss, 1e-9);
  return [
    `When ${step}, the loss on ${photos} becomes ${decimal(loss + rise.rise)} instead of ${decimal(loss)}. ${endings[steepness(relative, relativeRise)]}`,
  ];
}

function steepness(value: number, { flat, gentle }: typeof lostAccuracy): keyof typeof endings {
  return value <= flat ? 'flat' : value <= gentle ? 'gentle' : 'steep';
}

function lower({ centre, plane }: Told): string[] {
  const own = centre.train.loss;
  const lowest = Math.min(...plane.train.flat().map((loss) => loss ?? Infinity));
  if (own === null || lowest >= clearlyLower * own) return [];
  return [
    `Training loss is lower elsewhere on this plane (${decimal(lowest)} against ${decimal(own)}): training has not gone to the bottom, by intention (regularization, early stopping) or because it was too short.`,
  ];
}

function way({ between, centre }: Told): string[] {
  if (between === undefined) return [];
  const { barrier } = between;
  if (barrier === null)
    return [
      'On the straight way to the other run the loss is no number any more: a high ridge lies between.',
    ];
  const guess = Math.max(centre.train.loss ?? 0, Math.LN2);
  return [
    barrier < barelyRidge * guess
      ? `The way to the other run climbs no ridge (${decimal(barrier)} at most): both lie in the same valley and learned much the same.`
      : `A ridge of ${decimal(barrier)} lies between this run and the other: they are different solutions.`,
  ];
}

function moved({ sliced: { weights, filters, finetuned }, photos }: Told): string[] {
  const what = `Moved are the ${integer(weights)} weights of the head, in ${count(filters, 'filter')}`;
  return [
    finetuned
      ? `${what}. The backbone stays as fine-tuning left it: the weights that fine-tuning changed in it are not moved, and a slice through them may look different.`
      : `${what}; the backbone stays as it is, as it did in training.`,
    ...(photos.train < photos.ofTrain || photos.val < photos.ofVal
      ? [
          `Losses are means over ${integer(photos.train)} of ${integer(photos.ofTrain)} training and ${integer(photos.val)} of ${integer(photos.ofVal)} validation photos.`,
        ]
      : []),
  ];
}
