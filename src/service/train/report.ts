import { isAugmentPreset } from '../../contract/augment.ts';
import { displayPath } from '../../contract/dataset.ts';
import type { Advice } from '../../contract/metrics.ts';
import type { SavedModel } from '../../contract/saved-model.ts';
import type { HeadHealth } from '../../contract/train.ts';
import { decodeConcurrency } from '../../engine/data/decode.ts';
import { thumbnail } from '../../engine/data/thumbnail.ts';
import { renderReport } from '../../engine/evaluate/report.ts';
import type { ReportPrediction, ReportSetting } from '../../engine/evaluate/report-data.ts';
import { thumbnailPaths } from '../../engine/evaluate/report-select.ts';
import { worstAnswers } from '../../engine/evaluate/report-tasks.ts';
import { readPhoto } from '../../store/photos.ts';
import { answersFor } from './answers.ts';
import { lossText } from './objective.ts';
import { headSettingsOf } from './report-head.ts';
import type { Trained } from './train.ts';

/** Side of the report's pictures (pixels). */
const side = 160;

/** report.html of a training. @param probabilities calibrated, [validation photos, classes], or numbers */
export async function makeReport(
  trained: Trained,
  about: SavedModel,
  probabilities: Float32Array,
  { advice, health, seconds }: { advice: readonly Advice[]; health: HeadHealth; seconds: number },
  signal?: AbortSignal,
): Promise<string> {
  const { dataset, divided, head } = trained;
  const tuning = trained.finetuned?.choice.rateSearch;
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return renderReport({
    name: about.name,
    createdAt: about.createdAt,
    task: about.task,
    classes: about.classes,
    counts: about.counts,
    classCounts: divided.classCounts,
    metrics: {
      val: about.metrics.val,
      ...(about.metrics.test === undefined ? {} : { test: about.metrics.test }),
    },
    history: head.history.map(({ epoch, learningRate, shown }) => ({
      epoch,
      learningRate,
      trainLoss: finite(shown.trainLoss),
      valLoss: finite(shown.valLoss),
      trainAccuracy: finite(shown.trainAccuracy),
      valAccuracy: finite(shown.valAccuracy),
    })),
    ...(head.bestEpoch > 0 ? { bestEpoch: head.bestEpoch } : {}),
    predictions: await predictions(trained, probabilities, about.thresholds, signal),
    skipped: dataset.skipped,
    duplicates: [
      ...dataset.exactDuplicates.map((paths) => ({ kind: 'exact' as const, paths })),
      ...divided.nearDuplicates.map((paths) => ({ kind: 'near' as const, paths })),
    ],
    conflicts: dataset.conflicts,
    advice,
    recipe: about.recipe.name,
    ...(trained.rateSearch === undefined ? {} : { rateSearch: trained.rateSearch }),
    ...(tuning === undefined ? {} : { finetuneRateSearch: tuning }),
    settings: settingsOf(trained, health),
    backbone: { ...about.backbone, licence: about.backbone.licence ?? 'not stated' },
    inputPolicy: about.input,
    device: trained.device.description,
    seconds,
    seed: about.seed,
    datasetHash: about.datasetHash,
    versions: about.versions,
    files: about.files,
    parity: [
      { format: 'ONNX', photos: about.parity.photos, maxDifference: about.parity.onnx },
      { format: 'TensorFlow.js', photos: about.parity.tfjsPhotos, maxDifference: about.parity.tfjs },
    ],
  });
}

async function predictions(
  trained: Trained,
  valProbabilities: Float32Array,
  thresholds: readonly number[] | undefined,
  signal: AbortSignal | undefined,
): Promise<ReportPrediction[]> {
  const { roots } = trained.dataset;
  const { divided } = trained;
  const answers = [...answersFor(trained, 'val', valProbabilities, thresholds)].map(
    ({ photo: _photo, split: _split, truth, ...rest }): ReportPrediction => ({ ...rest, label: truth }),
  );
  const wanted = new Set(
    trained.options.task === 'single-label'
      ? thumbnailPaths(answers)
      : worstAnswers(answers).map(({ path }) => path),
  );
  const pictures = new Map<string, string>();
  const queue = divided.val.filter((photo) => wanted.has(displayPath(roots, photo))).values();
  const work = async (): Promise<void> => {
    for (const photo of queue) {
      signal?.throwIfAborted();
      try {
        const bytes = await readPhoto(roots[photo.root] ?? '', photo.path);
        const jpeg = await thumbnail(bytes, side);
        pictures.set(
          displayPath(roots, photo),
          `data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}`,
        );
      } catch {
        // A photo that vanished meanwhile is shown by name alone.
      }
    }
  };
  await Promise.all(Array.from({ length: decodeConcurrency() }, work));
  return answers.map((answer) => {
    const picture = pictures.get(answer.path);
    return picture === undefined ? answer : { ...answer, thumbnail: picture };
  });
}

function settingsOf(
  { settings, head, flips, trunk, options, finetuned }: Trained,
  health: HeadHealth,
): ReportSetting[] {
  const how = {
    'cross-validation': `chosen among ${head.candidates} by cross-validation on the training photos`,
    validation: `chosen among ${head.candidates} on the validation photos, so validation is slightly flattering`,
    given: 'as given',
    default: 'the usual one: there were too few photos to compare',
  }[head.comparedBy];
  const all = head.candidate.columns === trunk.dimension && trunk.parts.length > 1;
  return [
    {
      name: 'Head',
      value: settings.hidden.length === 0 ? 'linear' : `hidden layers of ${settings.hidden.join(', ')}`,
      explanation: 'The part that was trained on your photos, on top of the pretrained network.',
    },
    {
      name: 'Features',
      value: all ? 'final features and earlier blocks' : 'final features',
      explanation: 'What of the pretrained network the head gets to see.',
    },
    {
      name: 'Weight decay',
      value: `${head.candidate.weightDecay} (${how})`,
      explanation: 'Keeps the head simple, so that it does not learn your photos by heart.',
    },
    ...objectiveSettings(options),
    ...finetuneSettingsOf(finetuned),
    {
      name: 'Epochs',
      value: `${head.history.length} of up to ${finetuned?.tuned?.settings.epochs ?? settings.epochs}, the weights of epoch ${head.bestEpoch} kept`,
      explanation: 'Passes over the training photos.',
    },
    {
      name: 'Mirrored copies',
      value: flips ? 'yes' : 'no',
      explanation: 'Every training photo is also learned from left to right.',
    },
    {
      name: 'Changed photos',
      value: isAugmentPreset(options.augment) ? options.augment : 'as a file says',
      explanation: 'How photos were changed while they were learned from.',
    },
    {
      name: 'Optimizer',
      value: `${settings.optimizer}, learning rate ${settings.learningRate}, batches of ${settings.batchSize}`,
      explanation: 'How the weights are moved towards fewer mistakes.',
    },
    ...headSettingsOf(settings, health),
    {
      name: 'Validation photos',
      value: options.val ?? `${Math.round(options.valFraction * 100)}% where the folder does not say`,
      explanation: 'Photos kept apart from training to see how good the model is.',
    },
  ];
}

/** What was made small; of what is as usual only the loss is told. */
function objectiveSettings(options: Trained['options']): ReportSetting[] {
  const { classWeights, sampling, labelSmoothing = 0 } = options;
  return [
    { name: 'Loss', value: lossText(options), explanation: 'What training makes small.' },
    ...(classWeights === 'none'
      ? []
      : [
          {
            name: 'Class weights',
            value: classWeights === 'balanced' ? 'balanced' : 'as a file says',
            explanation: 'How much the photos of each class count.',
          },
        ]),
    ...(sampling === 'shuffle'
      ? []
      : [
          {
            name: 'Sampling',
            value: sampling,
            explanation: 'Every class is seen equally often, whatever number of photos it has.',
          },
        ]),
    ...(labelSmoothing === 0
      ? []
      : [
          {
            name: 'Label smoothing',
            value: `${labelSmoothing}`,
            explanation: 'The share of certainty that was spread over all classes.',
          },
        ]),
  ];
}

function finetuneSettingsOf(outcome: Trained['finetuned']): ReportSetting[] {
  if (outcome === undefined) return [];
  const { tuned, choice } = outcome;
  const told = {
    name: 'Fine-tuning',
    value: choice.why,
    explanation: 'Training the last blocks of the pretrained network, too, after the head.',
  };
  if (tuned === undefined) return [told];
  const { learningRate, layerDecay, warmup, clip, ema, views, mixup, cutmix } = tuned.settings;
  return [
    told,
    {
      name: 'Frozen until',
      value: `${tuned.frozenUntil}; trained: ${tuned.blocks.join(', ')}`,
      explanation: 'What of the pretrained network stayed as it was, and what learned from your photos.',
    },
    {
      name: 'Fine-tuning rates',
      value: `${learningRate} in the last block, ${layerDecay} of that in each block before it; warm-up over ${Math.round(100 * warmup)}% of the steps, gradients clipped to ${clip}, ${ema > 0 ? `weights averaged (${ema})` : 'weights not averaged'}`,
      explanation: 'How fast the pretrained layers move: slowly, or they forget what they know.',
    },
    {
      name: 'Views',
      value: `${views}`,
      explanation: 'Different looks at every photo, so that no photo is learned by heart.',
    },
    ...(mixup + cutmix === 0
      ? []
      : [
          {
            name: 'Mixtures',
            value: [
              ...(mixup > 0 ? [`mixup ${mixup}`] : []),
              ...(cutmix > 0 ? [`CutMix ${cutmix}`] : []),
            ].join(', '),
            explanation:
              'Pairs of photos were learned from mixed, so its training figures are not comparable with others.',
          },
        ]),
  ];
}
