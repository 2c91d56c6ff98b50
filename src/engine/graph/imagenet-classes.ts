/**
 * What `@tensorflow-models/mobilenet` (2.1.1) knows besides running a model: the names of ImageNet's classes,
 * and where Google's MobileNet graph models are published.
 */
// This file of the package holds nothing but the table; its entry point would load all of TensorFlow.js.
import { IMAGENET_CLASSES } from '@tensorflow-models/mobilenet/dist/imagenet_classes.js';
import { HolotypeError } from '../../contract/errors.ts';

const names: Readonly<Record<number, string>> = IMAGENET_CLASSES;

/**
 * The name of an ImageNet-1k class, with its synonyms: 0 is 'tench, Tinca tinca'. Models with 1001 outputs have
 * the background class first: subtract 1.
 *
 * @param index 0..999
 * @throws RangeError for any other number
 */
export function imagenetClassName(index: number): string {
  const name = names[index];
  if (name === undefined) throw new RangeError(`ImageNet has the classes 0 to 999, not ${index}.`);
  return name;
}

/** One graph model of the MobileNet family, as the package would load it. */
export interface MobilenetSource {
  readonly version: 1 | 2;
  /** Width multiplier. */
  readonly alpha: number;
  /** The model's page. */
  readonly page: string;
  /** Its model.json, as tfjs-converter asks TF Hub for it; shards are beside it. */
  readonly modelUrl: string;
  /** Range of pixel values that the model takes. */
  readonly inputRange: readonly [low: number, high: number];
}

/**
 * The package's table of models. It does not export the table, so it is read from the text of its published file
 * `@tensorflow-models/mobilenet/dist/index.js`.
 *
 * @param packageSource the text of that file
 * @throws HolotypeError('failed') when the text has no such table: another version of the package
 */
export function mobilenetSources(packageSource: string): MobilenetSource[] {
  const table = /MODEL_INFO\s*=\s*(\{[\s\S]*?\n\});/.exec(packageSource)?.[1] ?? '';
  const sources: MobilenetSource[] = [];
  for (const [, version, models] of table.matchAll(/'([12])\.00':\s*\{([\s\S]*?\})\s*\}/g)) {
    const entries = (models ?? '').matchAll(
      /'([\d.]+)':\s*\{\s*url:\s*'([^']+)',\s*inputRange:\s*\[(-?[\d.]+),\s*(-?[\d.]+)\]/g,
    );
    for (const [, alpha, page = '', low, high] of entries)
      sources.push({
        version: version === '1' ? 1 : 2,
        alpha: Number(alpha),
        page,
        // tfjs-converter 4.22 executor/graph_model.ts, getTFHubUrl
        modelUrl: `${page.replace(/\/$/, '')}/model.json?tfjs-format=file`,
        inputRange: [Number(low), Number(high)],
      });
  }
  if (sources.length === 0)
    throw new HolotypeError(
      'failed',
      'The table of MobileNet models was not found in @tensorflow-models/mobilenet.',
      {
        remedy: 'Install the version of the package that Holotype names in its package.json.',
      },
    );
  return sources;
}
