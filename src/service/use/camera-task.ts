import { decodePhoto } from '../../engine/data/decode.ts';
import type { OnnxSession } from '../../engine/devices/onnx-session.ts';
import type { Task } from '../jobs/task.ts';
import { answerOf, answersIn } from '../predict.ts';
import { loadSession, openSavedModel, type OpenedModel } from '../saved-model.ts';
import { cameraRequestSchema } from './camera-request.ts';

interface Warm {
  readonly folder: string;
  readonly model: Promise<{ readonly opened: OpenedModel; readonly session: OnnxSession }>;
}

/** The model that was asked last: it is asked again some times a second. */
let warm: Warm | undefined;

/** Answers for one picture, with a model that stays loaded as long as no other is wanted. */
export const cameraTask: Task = async (request) => {
  const { model: folder, picture } = cameraRequestSchema.parse(request);
  const { opened, session } = await modelIn(folder);
  const { input } = opened.about;
  const pixels = await decodePhoto(picture, input);
  const [row] = await session.run(pixels, [1, input.height, input.width, 3]);
  return answerOf(opened, answersIn(opened, row ?? new Float32Array()));
};

async function modelIn(folder: string): ReturnType<typeof load> {
  if (warm?.folder === folder) return warm.model;
  const before = warm;
  const model = load(folder);
  warm = { folder, model };
  model.catch(() => {
    // What can't be loaded is tried again next time.
    if (warm?.model === model) warm = undefined;
  });
  await before?.model.then(({ session }) => session.release()).catch(() => undefined);
  return model;
}

async function load(folder: string): Promise<{ opened: OpenedModel; session: OnnxSession }> {
  const opened = await openSavedModel(folder);
  return { opened, session: await loadSession(opened, 1) };
}
