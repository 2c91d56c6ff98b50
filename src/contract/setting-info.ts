import { headSettingInfo } from './setting-info-head.ts';
import { noOrYes, type SettingInfo } from './setting-kind.ts';

export { settingGroups } from './setting-kind.ts';
export type { SettingInfo } from './setting-kind.ts';

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
      { value: 'auto', label: 'As “Changing photos” says, unless there are very many' },
      { value: 'on', label: 'Always' },
      { value: 'off', label: 'Never' },
    ],
    default: 'auto',
    group: 'photos',
  },
  {
    key: 'augment',
    label: 'Changing photos',
    explanation:
      'Fine-tuning sees each photo changed anew in every epoch; a head alone learns from the photo, its mirror image and, where it says so, a few more views that each cost one more pass over the photos.',
    kind: 'choice',
    choices: [
      { value: 'none', label: 'Not at all' },
      { value: 'light', label: 'Light: mirrored, slightly cropped' },
      { value: 'standard', label: 'Standard: mirrored and cropped' },
      {
        value: 'strong',
        label:
          'Strong: also tilted, recoloured, blurred, grainy, with parts missing (looks at each photo 4 more times)',
      },
      {
        value: 'any-orientation',
        label: 'Any orientation: as from a microscope or from above (looks at each photo 3 more times)',
      },
      {
        value: 'keep-colour',
        label:
          'Keep colours: cropped, tilted, blurred, but colours are evidence (looks at each photo 2 more times)',
      },
    ],
    default: 'standard',
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
  ...headSettingInfo,
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
    unset: 'with plain SGD 0.003, with RMSprop 0.0001',
    group: 'finetune',
  },
  {
    key: 'findFinetuneLearningRate',
    label: 'Find the learning rate of fine-tuning',
    explanation:
      'First tries ever higher learning rates on the last blocks for some steps, and takes one that works well.',
    kind: 'choice',
    choices: noOrYes,
    default: 'off',
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
    key: 'updateBn',
    label: 'Let batch normalization adapt',
    explanation:
      'In fine-tuning the backbone’s own normalization follows your photos, which needs many of them and large batches.',
    kind: 'choice',
    choices: [
      { value: 'off', label: 'No: as it was pretrained' },
      { value: 'on', label: 'Yes' },
    ],
    default: 'off',
    group: 'finetune',
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
  {
    key: 'mixup',
    label: 'Mixup',
    explanation:
      'Fine-tuning learns from averages of two photos (of what the frozen blocks make of them) and of their labels; 0 is off, one fifth usual, and with fewer than 64 photos it is left out.',
    kind: 'number',
    min: 0,
    max: 100,
    default: 0,
    group: 'finetune',
  },
  {
    key: 'cutmix',
    label: 'CutMix',
    explanation:
      'Fine-tuning pastes a rectangle of one photo into another (of what the frozen blocks make of it) and mixes their labels by area; 0 is off, 1 usual, and with fewer than 64 photos it is left out.',
    kind: 'number',
    min: 0,
    max: 100,
    default: 0,
    group: 'finetune',
  },
];
