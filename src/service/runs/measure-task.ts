import { HolotypeError } from '../../contract/errors.ts';
import { openSession } from '../../engine/devices/open-session.ts';
import { exportOnnx } from '../../engine/graph/export-onnx.ts';
import { batchSize, extractFeatures } from '../../engine/train/extract-features.ts';
import { buildTrunk } from '../../engine/train/trunk.ts';
import { readPhoto } from '../../store/photos.ts';
import type { Task } from '../jobs/task.ts';
import { loadBackbone } from '../models.ts';
import { trainingPolicy } from '../train/settings.ts';
import { measureRequestSchema } from './measure-request.ts';

/**
 * How long a view of a photo takes from the file to its features, by a few photos. Those that can't be read don't count.
 *
 * @throws HolotypeError('bad-input') when none can, 'not-found' when the backbone isn't installed
 */
export const measureTask: Task = async (request, { signal }) => {
  const { backbone: id, device, resize, folder, photos } = measureRequestSchema.parse(request);
  const backbone = await loadBackbone(id, { allowFetch: false, signal });
  const policy = trainingPolicy(backbone.policy, { resize });
  const trunk = buildTrunk(backbone.graph, policy);
  const session = await openSession(exportOnnx(trunk.graph, { inputType: 'uint8' }), device);
  const views = [{ flip: false }, { flip: true }];
  const pass = async (): Promise<number> => {
    let done = 0;
    const wanted = photos.map(({ path, bytes }, index) => ({
      index,
      bytes,
      views,
      read: () => readPhoto(folder, path),
    }));
    const times = { decode: 0, inference: 0 };
    for await (const event of extractFeatures(wanted, policy, session, batchSize(policy), times, signal))
      if (event.type === 'vector') done += 1;
    return done;
  };
  try {
    await pass(); // the first compiles and warms up
    const started = performance.now();
    const done = await pass();
    if (done === 0) throw new HolotypeError('bad-input', 'None of the photos could be read.');
    return { secondsPerView: (performance.now() - started) / 1000 / done };
  } finally {
    await session.release();
  }
};
