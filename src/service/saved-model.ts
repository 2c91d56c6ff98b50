import { createHash } from 'node:crypto';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { HolotypeError } from '../contract/errors.ts';
import { savedModelSchema, savedModelVersion } from '../contract/saved-model.ts';
import type { SavedModel } from '../contract/saved-model.ts';
import { createPool } from '../engine/devices/onnx-pool.ts';
import { createSession } from '../engine/devices/onnx-session.ts';
import { howUnlike, type Novelty } from '../engine/evaluate/unknown.ts';
import type { PhotoView } from '../engine/explore/strangers.ts';
import { addOutput } from '../engine/graph/onnx/add-output.ts';
import type { OnnxSession } from '../engine/devices/onnx-session.ts';
import { readJson } from '../store/atomic.ts';
import { exists, isFolder, readBytes } from '../store/folders.ts';
import { decodeUnlike, withNovelty } from './unlike-photos.ts';

/** A saved model's folder and what it says about itself. */
export interface OpenedModel {
  readonly folder: string;
  readonly about: SavedModel;
}

/**
 * @param path a saved model's folder, or a file in it
 * @throws HolotypeError 'not-found' or 'bad-input' when it is no saved model
 */
export async function openSavedModel(path: string): Promise<OpenedModel> {
  const full = resolve(path);
  if (!(await exists(full)))
    throw new HolotypeError('not-found', `There is no model "${path}".`, {
      remedy: 'Give the folder that train wrote.',
    });
  let folder = (await isFolder(full)) ? full : dirname(full);
  if (!(await exists(join(folder, 'holotype.json'))) && basename(folder) === 'tfjs') folder = dirname(folder);
  if (!(await exists(join(folder, 'holotype.json'))))
    throw new HolotypeError('bad-input', `"${path}" is not a saved model: there is no holotype.json.`, {
      remedy: 'Give the folder that train wrote; if training was stopped, finish it with --resume.',
    });
  return { folder, about: await readJson(join(folder, 'holotype.json'), parser) };
}

/** What is no saved model at all, or one of a newer Holotype, is told so; what is damaged, what is wrong in it. */
const parser = {
  parse(value: unknown): SavedModel {
    const kind = z.object({ kind: z.literal('model') }).safeParse(value);
    if (!kind.success)
      throw new HolotypeError('bad-input', 'This holotype.json is not that of a saved model.', {
        remedy: 'Give the folder that train wrote.',
      });
    const version = z.object({ formatVersion: z.number().gt(savedModelVersion) }).safeParse(value);
    if (version.success)
      throw new HolotypeError(
        'not-supported',
        `This model was saved by a newer Holotype (format ${version.data.formatVersion}).`,
        { remedy: 'Update Holotype.' },
      );
    return savedModelSchema.parse(value);
  },
};

/**
 * A file of a saved model, checked against what holotype.json says of it.
 *
 * @throws HolotypeError 'checksum' when it was changed or damaged
 */
export async function readModelFile({ folder, about }: OpenedModel, path: string): Promise<Uint8Array> {
  const bytes = await readBytes(join(folder, path));
  const expected = about.files.find((file) => file.path === path)?.sha256;
  if (expected !== undefined && createHash('sha256').update(bytes).digest('hex') !== expected)
    throw new HolotypeError(
      'checksum',
      `"${path}" of the model ${about.name} is not the file that was saved.`,
      {
        remedy: 'Copy the model again, or train again.',
      },
    );
  return bytes;
}

/**
 * What the model knows of its training photos; undefined where it can't tell photos unlike them.
 *
 * @throws HolotypeError when the file is damaged
 */
export async function readNovelty(model: OpenedModel): Promise<Novelty | undefined> {
  const { unlike } = model.about;
  return unlike && decodeUnlike(await readModelFile(model, unlike.file), unlike);
}

/** From so many photos on, a copy of the model on every core earns back its start (test/bench/README.md). */
const photosForPool = 200;

/**
 * The model ready to run: takes uint8 RGB [n, height, width, 3], gives [n, answers], and where the model can tell one
 * number more each: how unlike the photos it learned from. The answers are the same bits however many photos there are.
 *
 * @param photos how many it will be run on
 * @param view where photos are to be compared with each other: as many numbers more each as it has columns
 */
export async function loadSession(
  model: OpenedModel,
  photos: number,
  view?: PhotoView,
): Promise<OnnxSession> {
  const { unlike } = model.about;
  const plain = await readModelFile(model, 'model.onnx');
  const onnx = unlike === undefined ? plain : addOutput(plain, unlike.features);
  const learned = view?.novelty ?? (await readNovelty(model));
  const novelty = learned && howUnlike(learned);
  const session = await (photos < photosForPool ? createSession(onnx) : createPool(onnx));
  return {
    ...session,
    run: async (input, shape) => {
      const [answers = new Float32Array(), features] = await session.run(new Float32Array(input), shape);
      if (features === undefined || novelty === undefined || unlike === undefined) return [answers];
      return [withNovelty(answers, features, unlike.columns, novelty, view)];
    },
  };
}
