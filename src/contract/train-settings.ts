import { z } from 'zod';
import { trainOptionsSchema } from './train.ts';

/** The simple choice: how long training may take for how good a result. */
export const qualities = ['quick', 'balanced', 'best'] as const;
export const qualitySchema = z.enum(qualities);
export type Quality = z.infer<typeof qualitySchema>;

const options = trainOptionsSchema.shape;

/**
 * What a person can choose in the window: all that `train` can be told but where things are. What nobody chose stays
 * left out, so that `quality` may decide it.
 */
export const trainSettingsSchema = trainOptionsSchema
  .omit({ photos: true, out: true, val: true, labels: true, resume: true, task: true })
  .extend({
    recipe: options.recipe.removeDefault(),
    batchSize: options.batchSize.removeDefault(),
    optimizer: options.optimizer.removeDefault(),
    // A file of weights is the command line's: the window names no paths.
    classWeights: z.enum(['none', 'balanced']),
    sampling: options.sampling.removeDefault(),
    hidden: options.hidden.removeDefault(),
    flips: options.flips.removeDefault(),
    valFraction: options.valFraction.removeDefault(),
    testFraction: options.testFraction.removeDefault(),
    seed: options.seed.removeDefault(),
    device: options.device.removeDefault(),
    quality: qualitySchema,
  })
  .partial();
export type TrainSettings = z.infer<typeof trainSettingsSchema>;

/** Where what takes an obstacle away is found. */
export const obstacleRemedySchema = z.enum([
  'labels', // photos are to be labelled
  'take-over', // the project is open for writing elsewhere
  'download', // the backbone is not on this machine yet
  'backbone', // another backbone
  'device', // another device
  'defaults', // settings that don't fit
  'look-again', // outside of the app: a drive to be connected
]);
export type ObstacleRemedy = z.infer<typeof obstacleRemedySchema>;

/** What a training would do, before it is started. */
export const trainPlanSchema = z.object({
  /** Why it can't be started yet, each with what to do; empty when it can. */
  obstacles: z.array(
    z.object({ message: z.string(), action: z.string(), remedy: obstacleRemedySchema.optional() }),
  ),
  /** Good to know, for example few photos of a class. */
  warnings: z.array(z.string()),
  /** What will happen, a sentence a step. */
  steps: z.array(z.string()),
  device: z.object({ id: z.string(), name: z.string() }),
  backbone: z.object({ id: z.string(), name: z.string(), installed: z.boolean(), downloadBytes: z.number() }),
  counts: z.object({
    train: z.number().int().nonnegative(),
    val: z.number().int().nonnegative(),
    test: z.number().int().nonnegative(),
  }),
  /** Seconds it will take on this machine: between, from measured speed; null while nothing was measured. */
  seconds: z.object({ low: z.number(), high: z.number(), basis: z.string() }).nullable(),
  /** The settings as they will be used: what was chosen with the defaults filled in. */
  settings: trainSettingsSchema,
});
export type TrainPlan = z.infer<typeof trainPlanSchema>;

/** Parts of the panel of all settings. */
export const settingGroups = ['simple', 'photos', 'head', 'finetune'] as const;

/** What the window needs to know of one setting to show it. */
export interface SettingInfo {
  readonly key: keyof TrainSettings;
  readonly label: string;
  /** One sentence: what it does. */
  readonly explanation: string;
  /** `share`: a number from 0 to 1; `widths`: a list of whole numbers; `model`, `block` and `device`: an id. */
  readonly kind: 'choice' | 'whole' | 'number' | 'share' | 'text' | 'widths' | 'model' | 'block' | 'device';
  /** Allowed values; `above` instead of `min`, `below` instead of `max`: the bound itself is not allowed. */
  readonly min?: number;
  readonly above?: number;
  readonly max?: number;
  readonly below?: number;
  readonly choices?: readonly { readonly value: string; readonly label: string }[];
  /** What it is when nobody says otherwise; null: it depends, as `unset` says. */
  readonly default: string | number | readonly number[] | null;
  /** In words, where the default depends on something. */
  readonly unset?: string;
  readonly group: (typeof settingGroups)[number];
}

/** Every setting of a training, for a panel that can be searched. */
export const settingInfo: readonly SettingInfo[] = [
  {
    key: 'quality',
    label: 'Thoroughness',
    explanation: 'How long training may take for how good a result.',
    kind: 'choice',
    choices: [
      { value: 'quick', label: 'Quick' },
      { value: 'balanced', label: 'Balanced' },
      { value: 'best', label: 'Best' },
    ],
    default: 'balanced',
    group: 'simple',
  },
  {
    key: 'backbone',
    label: 'Backbone',
    explanation: 'The pretrained network whose knowledge of pictures your classes are built on.',
    kind: 'model',
    default: null,
    unset: 'the best one installed',
    group: 'simple',
  },
  {
    key: 'resize',
    label: 'Fitting photos',
    explanation: 'How a photo of any shape becomes the square that the network sees.',
    kind: 'choice',
    choices: [
      { value: 'squash', label: 'Squash: everything is seen, proportions are lost' },
      { value: 'crop', label: 'Crop: the middle is seen, in proportion' },
      { value: 'pad', label: 'Pad: everything is seen in proportion, with grey around it' },
    ],
    default: null,
    unset: 'as the backbone asks',
    group: 'simple',
  },
  {
    key: 'device',
    label: 'Device',
    explanation: 'What computes: the processor, or a graphics card that passed its test.',
    kind: 'device',
    default: 'auto',
    unset: 'the fastest that passed its test',
    group: 'simple',
  },
  {
    key: 'valFraction',
    label: 'Photos to check on',
    explanation: 'The share of the photos that is kept apart to see how good the model is.',
    kind: 'share',
    above: 0,
    below: 1,
    default: 0.2,
    group: 'photos',
  },
  {
    key: 'testFraction',
    label: 'Photos for the final test',
    explanation: 'A share of the photos that nothing looks at before the very end.',
    kind: 'share',
    min: 0,
    below: 1,
    default: 0,
    group: 'photos',
  },
  {
    key: 'groupBy',
    label: 'Keep together',
    explanation:
      'Photos that belong together (folder, burst, csv:COLUMN or a regular expression) are never both learned from and checked on.',
    kind: 'text',
    default: null,
    unset: 'only copies and photos that look the same',
    group: 'photos',
  },
  {
    key: 'flips',
    label: 'Mirrored copies',
    explanation: 'Every photo is also learned from left to right, which helps unless left and right matter.',
    kind: 'choice',
    choices: [
      { value: 'auto', label: 'Unless there are very many photos' },
      { value: 'on', label: 'Always' },
      { value: 'off', label: 'Never' },
    ],
    default: 'auto',
    group: 'photos',
  },
  {
    key: 'seed',
    label: 'Seed',
    explanation:
      'The same number gives the same split of the photos and, on the same machine, the same model.',
    kind: 'whole',
    default: 0,
    group: 'photos',
  },
  {
    key: 'recipe',
    label: 'What is trained',
    explanation: 'Only a new head on the backbone, or then the backbone’s last blocks, too.',
    kind: 'choice',
    choices: [
      { value: 'auto', label: 'What the photos to check on prefer' },
      { value: 'head', label: 'The head only: fast' },
      { value: 'finetune', label: 'The head, then the last blocks, too' },
    ],
    default: 'auto',
    group: 'head',
  },
  {
    key: 'hidden',
    label: 'Hidden layers of the head',
    explanation: 'Widths of layers between the backbone and the answers; none is best for few photos.',
    kind: 'widths',
    min: 1,
    max: 8192,
    default: [],
    group: 'head',
  },
  {
    key: 'epochs',
    label: 'Epochs of the head',
    explanation: 'How many times the head sees all training photos, at most.',
    kind: 'whole',
    min: 1,
    max: 10_000,
    default: null,
    unset: 'enough for some 1,500 steps',
    group: 'head',
  },
  {
    key: 'batchSize',
    label: 'Batch size of the head',
    explanation: 'How many photos the head learns from in one step.',
    kind: 'whole',
    min: 1,
    max: 4096,
    default: 64,
    group: 'head',
  },
  {
    key: 'optimizer',
    label: 'Optimizer',
    explanation: 'How the weights are moved towards fewer mistakes.',
    kind: 'choice',
    choices: [
      { value: 'adamw', label: 'AdamW' },
      { value: 'adam', label: 'Adam' },
      { value: 'sgd', label: 'SGD with momentum' },
    ],
    default: 'adamw',
    group: 'head',
  },
  {
    key: 'learningRate',
    label: 'Learning rate of the head',
    explanation:
      'How far a step moves the head’s weights at most: too high and training jumps about, too low and it crawls.',
    kind: 'number',
    above: 0,
    max: 10,
    default: 0.002,
    unset: 'with SGD 0.02',
    group: 'head',
  },
  {
    key: 'weightDecay',
    label: 'Weight decay',
    explanation: 'Keeps the head simple, so that it does not learn your photos by heart.',
    kind: 'number',
    min: 0,
    default: null,
    unset: 'a few strengths are compared and the best is taken',
    group: 'head',
  },
  {
    key: 'loss',
    label: 'Loss',
    explanation:
      'What training makes small; a focal loss looks most at photos that are still wrong, mae and huber bear odd numbers.',
    kind: 'choice',
    choices: [
      { value: 'cross-entropy', label: 'Cross-entropy (one class a photo)' },
      { value: 'binary-cross-entropy', label: 'Binary cross-entropy (several labels a photo)' },
      { value: 'focal', label: 'Focal (classes and labels)' },
      { value: 'mse', label: 'Mean squared error (numbers)' },
      { value: 'mae', label: 'Mean absolute error (numbers)' },
      { value: 'huber', label: 'Huber (numbers)' },
    ],
    default: null,
    unset: 'cross-entropy, or for numbers mean squared error',
    group: 'head',
  },
  {
    key: 'classWeights',
    label: 'Class weights',
    explanation: 'Whether photos of rare classes count more, so that frequent ones do not drown them.',
    kind: 'choice',
    choices: [
      { value: 'none', label: 'Every photo counts the same' },
      { value: 'balanced', label: 'Every class counts the same' },
    ],
    default: 'none',
    group: 'head',
  },
  {
    key: 'sampling',
    label: 'Sampling',
    explanation: 'Whether training sees every photo equally often, or every class.',
    kind: 'choice',
    choices: [
      { value: 'shuffle', label: 'Every photo once an epoch' },
      { value: 'balanced', label: 'Every class equally often' },
    ],
    default: 'shuffle',
    group: 'head',
  },
  {
    key: 'freezeUntil',
    label: 'Frozen until',
    explanation: 'Fine-tuning leaves the backbone as it is up to this block; "none" trains all of it.',
    kind: 'block',
    default: null,
    unset: 'about two thirds of the computation',
    group: 'finetune',
  },
  {
    key: 'finetuneEpochs',
    label: 'Epochs of fine-tuning',
    explanation: 'How many times fine-tuning sees all training photos, at most.',
    kind: 'whole',
    min: 1,
    max: 10_000,
    default: null,
    unset: 'enough for some 700 steps',
    group: 'finetune',
  },
  {
    key: 'finetuneLearningRate',
    label: 'Learning rate of fine-tuning',
    explanation:
      'How far a step moves the weights of the backbone’s last block; too high and it forgets what it knows.',
    kind: 'number',
    above: 0,
    max: 10,
    default: 0.0003,
    group: 'finetune',
  },
  {
    key: 'finetuneBatchSize',
    label: 'Batch size of fine-tuning',
    explanation: 'How many photos fine-tuning learns from in one step.',
    kind: 'whole',
    min: 1,
    max: 4096,
    default: 32,
    group: 'finetune',
  },
  {
    key: 'layerDecay',
    label: 'Rate from block to block',
    explanation:
      'Each block learns at this share of the rate of the block after it, so that early blocks change least.',
    kind: 'share',
    above: 0,
    max: 1,
    default: 0.9,
    group: 'finetune',
  },
  {
    key: 'warmup',
    label: 'Warm-up',
    explanation: 'The share of the steps in which the learning rate rises to its peak.',
    kind: 'share',
    min: 0,
    below: 1,
    default: 0.1,
    group: 'finetune',
  },
  {
    key: 'clip',
    label: 'Longest gradient',
    explanation:
      'Steps that would be longer than this are shortened to it, so that one odd photo can’t upset everything.',
    kind: 'number',
    above: 0,
    default: 1,
    group: 'finetune',
  },
  {
    key: 'ema',
    label: 'Averaging of weights',
    explanation:
      'The model is a running average of the weights of which this share stays at each step; 0 turns it off.',
    kind: 'share',
    min: 0,
    below: 1,
    default: 0.99,
    group: 'finetune',
  },
  {
    key: 'labelSmoothing',
    label: 'Label smoothing',
    explanation:
      'The share of certainty that is spread over all classes, against overconfidence and wrong labels.',
    kind: 'share',
    min: 0,
    below: 1,
    default: 0,
    group: 'head',
  },
  {
    key: 'views',
    label: 'Views of each photo',
    explanation: 'How many different cuts of each photo the epochs of fine-tuning take turns with.',
    kind: 'whole',
    min: 1,
    max: 10_000,
    default: null,
    unset: 'a new one for every epoch',
    group: 'finetune',
  },
];
