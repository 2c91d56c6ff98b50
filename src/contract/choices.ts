/**
 * What the command line names in its help. The schemas of the same choices are elsewhere, so that a command line that only
 * says what is possible loads no zod.
 */

/** What is said of a photo: one class, any number of labels, or a number. */
export const tasks = ['single-label', 'multi-label', 'regression'] as const;

export const recipes = ['auto', 'head', 'finetune'] as const;

/** Until the options knew a `schedule`, `sgd` was what `momentum` is now: see train-history. */
export const optimizerKinds = ['adamw', 'adam', 'momentum', 'sgd', 'rmsprop'] as const;

/** How the learning rate changes in the course of a training. */
export const scheduleKinds = ['cosine', 'constant', 'step', 'one-cycle', 'plateau'] as const;

/** What stands between the layers of a head; all of them are in every export. */
export const headActivations = ['relu', 'leaky-relu', 'elu', 'selu', 'swish', 'tanh', 'sigmoid'] as const;

/** Where the weights of a head start. */
export const initializers = [
  'glorot-uniform',
  'glorot-normal',
  'he-uniform',
  'he-normal',
  'lecun',
  'orthogonal',
  'zeros',
] as const;

/** How an epoch goes through the training photos: each once, or every class (label, range of the number) equally often. */
export const samplings = ['shuffle', 'balanced'] as const;

/** How photos are changed for learning. */
export const augmentPresets = [
  'none',
  'light',
  'standard',
  'strong',
  'any-orientation',
  'keep-colour',
] as const;

export const searchMethods = ['auto', 'grid', 'random', 'bayes', 'hyperband'] as const;

export const groupingMethods = [
  'k-means', // each photo to the nearest of so many middles
  'hierarchical', // small groups joined step by step: more groups divide fewer ones
] as const;

/** Most groups that can be asked for. */
export const mostGroups = 100;

export const explainMethods = [
  'grad-cam', // by the gradient, where the network has a map of the photo
  'occlusion', // by what hiding parts of the photo does to the answer
] as const;

/** Sides of a landscape's plane that are allowed, in points. */
export const gridSides = { least: 3, usual: 25, most: 101 } as const;
