import { basename } from 'node:path';
import type { JobEventBody } from '../../contract/job-events.ts';
import type { TrainOptions } from '../../contract/train.ts';
import { defaultBackbone, fetchModel, listModels, loadBackbone } from '../models.ts';
import type { Backbone } from '../models.ts';
import { bridge } from './bridge.ts';
import { Progress } from './progress.ts';

/** The backbone that was named, or the best one there is; the out-of-the-box one is fetched when there is none. */
export async function* openBackbone(
  options: TrainOptions,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobEventBody, Backbone> {
  const id = options.backbone ?? (await defaultBackbone());
  if (options.backbone === undefined) {
    const info = (await listModels()).find((model) => model.id === id);
    if (info?.installed === false) {
      const megabytes = Math.round(info.size / 1e6);
      const message = `No backbone is installed: downloading ${info.name} (${megabytes} MB), once`;
      yield { type: 'stage', stage: 'backbone', message };
      const progress = new Progress('backbone', 'bytes');
      yield* bridge<JobEventBody, unknown>(
        (report, stop) =>
          fetchModel(id, {
            signal: stop,
            onProgress: ({ received, total }) => {
              const body = progress.at(received, total);
              if (body !== undefined) report(body);
            },
          }),
        signal,
      );
    }
  }
  yield { type: 'stage', stage: 'backbone', message: `Loading the backbone ${basename(id)}` };
  return loadBackbone(id, signal === undefined ? {} : { signal });
}
