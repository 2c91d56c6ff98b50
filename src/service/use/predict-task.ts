import { appendJsonl } from '../../store/jsonl.ts';
import type { Task } from '../jobs/task.ts';
import { answerOf, classify, findPhotos } from '../predict.ts';
import { openSavedModel } from '../saved-model.ts';
import { openBatch } from '../strangers.ts';
import { predictRequestSchema, type AnswerLine, type PredictNews } from './predict-request.ts';

/** Digits of a probability that are kept: enough for any table, and a third of the bytes. */
const digits = 6;

/**
 * Answers for all photos of a folder, one line each; what can't be read is told apart. Stopped early, what is answered
 * stays.
 */
export const predictTask: Task = async (request, tools) => {
  const { model: folder, source, answers } = predictRequestSchema.parse(request);
  const model = await openSavedModel(folder);
  tools.progress({ message: 'Looking for photos', done: 0, unit: 'photos' });
  const files = await findPhotos([source], tools.signal);
  const total = files.length;
  const writer = await appendJsonl(answers);
  let done = 0;
  const batch = await openBatch(model, total, tools.signal);
  const tell = (news: PredictNews): void => tools.result(news);
  try {
    for await (const outcome of classify(model, files, tools.signal, batch)) {
      done += 1;
      const { name } = outcome.file;
      if ('reason' in outcome) tell({ failed: [{ path: name, reason: outcome.reason }] });
      else await writer.append(line(name, answerOf(model, outcome.answers)));
      tools.progress({ message: 'Answering', done, total, unit: 'photos' });
      await tools.pausePoint();
      if (tools.stopSignal.aborted) break;
    }
  } finally {
    await writer.close();
  }
  const look = await batch?.look(tools.signal);
  if (look !== undefined) tell({ novelty: look.about, marked: [...look.marked] });
  return null;
};

function line(path: string, { confidence, probabilities, ...rest }: Omit<AnswerLine, 'path'>): AnswerLine {
  const short = (share: number): number => Number(share.toFixed(digits));
  return { path, ...rest, confidence: short(confidence), probabilities: probabilities.map(short) };
}
