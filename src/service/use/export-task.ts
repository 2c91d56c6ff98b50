import { join } from 'node:path';
import type { ExportResult } from '../../contract/predict.ts';
import { readBytes } from '../../store/folders.ts';
import { openStream } from '../../store/streams.ts';
import { createZip } from '../../store/zip-writer.ts';
import { exportTo } from '../deliver.ts';
import type { Task } from '../jobs/task.ts';
import { openSavedModel, type OpenedModel } from '../saved-model.ts';
import { checkOnnx, checkTfjs, pixelsOf, type ParityPhoto } from '../train/parity.ts';
import { answerNames } from '../train/save-model.ts';
import { startTf } from '../train/start-tf.ts';
import { exportRequestSchema, type ExportReply, type ExportRequest } from './export-request.ts';

type Parity = ExportReply[number]['parity'];

/**
 * Writes a saved model in several formats and runs each, as it was written, on real photos.
 *
 * @throws HolotypeError('failed') when one answers differently from the trained model
 */
export const exportTask: Task = async (request, tools) => {
  const { model: folder, formats, photos } = exportRequestSchema.parse(request);
  const model = await openSavedModel(folder);
  const unit = 'formats';
  const total = formats.length;
  const known = await withPixels(model, photos);
  const reply: ExportReply = [];
  for (const [done, { id, folder: out, archive, top }] of formats.entries()) {
    await tools.pausePoint();
    tools.signal.throwIfAborted();
    tools.progress({ message: `Writing and checking ${id}`, done, total, unit });
    const { files } = await exportTo(model, id, out);
    const parity = await parityOf(model, id, out, known, tools.signal);
    const archiveBytes = await pack(archive, top, out, files, tools.signal);
    reply.push({ id, files, parity, archiveBytes });
  }
  tools.progress({ message: 'Written and checked', done: total, total, unit });
  return reply;
};

/** The photos as the model sees them; those that vanished or changed are left out. */
async function withPixels({ about }: OpenedModel, photos: ExportRequest['photos']): Promise<ParityPhoto[]> {
  const found: ParityPhoto[] = [];
  for (const { id, folder, path, probabilities } of photos) {
    if (probabilities.length !== answerNames(about.task, about.classes).length) continue;
    const pixels = await pixelsOf(folder, { id, path }, about.input);
    if (pixels !== undefined) found.push({ pixels, probabilities: Float32Array.from(probabilities) });
  }
  return found;
}

/** How far the files in `out` answer from the trained model; without photos, as it was when the model was saved. */
async function parityOf(
  { about }: OpenedModel,
  format: string,
  out: string,
  photos: readonly ParityPhoto[],
  signal: AbortSignal,
): Promise<Parity> {
  const { onnx, tfjs, tolerance, photos: onnxPhotos, tfjsPhotos } = about.parity;
  if (format === 'tfjs') {
    if (photos.length === 0)
      return tfjsPhotos === 0 ? null : { difference: tfjs, tolerance, photos: tfjsPhotos };
    await startTf();
    const text = async (name: string): Promise<string> =>
      Buffer.from(await readBytes(join(out, name))).toString('utf8');
    const files = {
      modelJson: await text('model.json'),
      metadata: await text('metadata.json'),
      weights: await readBytes(join(out, 'weights.bin')),
      customLayers: about.customLayers,
    };
    return { ...(await checkTfjs(files, about.input, photos, tolerance, signal)), tolerance };
  }
  if (photos.length === 0)
    return onnxPhotos === 0 ? null : { difference: onnx, tolerance, photos: onnxPhotos };
  const bytes = await readBytes(join(out, 'model.onnx'));
  return { ...(await checkOnnx(bytes, about.input, photos, tolerance, signal)), tolerance };
}

/** @returns bytes of the archive */
async function pack(
  archive: string,
  top: string,
  folder: string,
  files: ExportResult['files'],
  signal: AbortSignal,
): Promise<number> {
  const zip = await createZip(archive);
  try {
    for (const { path } of files) {
      signal.throwIfAborted();
      const file = await openStream(join(folder, path));
      await zip.add(`${top}/${path}`, file.chunks, { deflate: /\.(json|txt|html)$/.test(path) });
    }
    return await zip.finish();
  } finally {
    await zip.abandon();
  }
}
