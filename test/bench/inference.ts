import { createPool } from '../../src/engine/devices/onnx-pool.ts';
import { createSession, loadOnnxRuntime } from '../../src/engine/devices/onnx-session.ts';
import { exportOnnx } from '../../src/engine/graph/export-onnx.ts';
import { buildTrunk } from '../../src/engine/train/trunk.ts';
import type { Backbone } from './material.ts';
import { cores, figure, measure, speed } from './measure.ts';
import type { Arm, Cost, Figure } from './measure.ts';

/** Images a run, for both. */
const batch = 16;
/** Images a round. */
const images = 96;

/** A session on the original file, as anyone would make it. */
export async function bareSession(
  file: Uint8Array,
  size: { height: number; width: number },
  spinning: boolean,
): Promise<{ run(n: number): Promise<void>; release(): Promise<void> }> {
  const { InferenceSession, Tensor } = await loadOnnxRuntime();
  const session = await InferenceSession.create(file, {
    intraOpNumThreads: cores,
    ...(spinning ? {} : { extra: { session: { intra_op: { allow_spinning: '0' } } } }),
  });
  const pixels = Float32Array.from(
    { length: batch * 3 * size.height * size.width },
    (_, i) => (i % 255) / 128 - 1,
  );
  const [name = ''] = session.inputNames;
  const tensor = new Tensor('float32', pixels, [batch, 3, size.height, size.width]);
  return {
    async run(n) {
      for (let done = 0; done < n; done += batch) await session.run({ [name]: tensor });
    },
    release: () => session.release(),
  };
}

/** Backbone inference through Holotype, decode excluded, against a bare session on the same file. */
export async function benchInference(
  backbone: Backbone,
  rounds: number,
): Promise<{ figures: Figure[]; costs: Cost[] }> {
  const { policy } = backbone;
  const onnx = exportOnnx(buildTrunk(backbone.graph, policy).graph, { inputType: 'uint8' });
  const bare = await bareSession(backbone.file, policy, true);
  const still = await bareSession(backbone.file, policy, false);
  const session = await createSession(onnx);
  const pool = await createPool(onnx);
  const size = policy.height * policy.width * 3;
  const pixels = (n: number): Uint8Array => Uint8Array.from({ length: n * size }, (_, i) => i % 255);
  const [sixteen, four] = [pixels(batch), pixels(4)];
  const rate = async (work: () => Promise<unknown>): Promise<number> => {
    await work();
    return images;
  };
  const arms: Arm[] = [
    { name: 'bare session, batch 16', work: () => rate(() => bare.run(images)) },
    { name: 'bare session without spinning, batch 16', work: () => rate(() => still.run(images)) },
    {
      name: 'Holotype, one session, batch 16',
      work: () =>
        rate(async () => {
          for (let done = 0; done < images; done += batch)
            await session.run(sixteen.slice(), [batch, policy.height, policy.width, 3]);
        }),
    },
    {
      name: 'Holotype, a session per core, 16 at a time as 4 x 4',
      work: () =>
        rate(async () => {
          const runs = Array.from({ length: batch / 4 }, async () => {
            for (let done = 0; done < images; done += batch)
              await pool.run(four.slice(), [4, policy.height, policy.width, 3]);
          });
          await Promise.all(runs);
        }),
    },
  ];
  try {
    const costs = await measure(arms, rounds);
    const [spun, quiet, one, many] = costs as [Cost, Cost, Cost, Cost];
    const yardstick = quiet.wall < spun.wall ? quiet : spun;
    return {
      costs,
      figures: [
        figure(
          'inference: Holotype as it trains / bare ONNX Runtime',
          speed(many, yardstick),
          'x',
          { atLeast: 0.9 },
          `${backbone.name}, against the faster bare session: ${yardstick.name}`,
        ),
        figure('inference: one Holotype session / bare ONNX Runtime', speed(one, yardstick), 'x', {
          atLeast: 0.9,
        }),
        figure('inference: Holotype', 1000 / many.wall, 'images/s'),
      ],
    };
  } finally {
    for (const open of [bare, still, session, pool]) await open.release();
  }
}
