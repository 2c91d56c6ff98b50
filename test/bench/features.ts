import type { InputPolicy } from '../../src/contract/input-policy.ts';
import { decodeViews } from '../../src/engine/data/decode.ts';
import type { View } from '../../src/engine/data/decode.ts';
import { createPool } from '../../src/engine/devices/onnx-pool.ts';
import { createSession } from '../../src/engine/devices/onnx-session.ts';
import type { OnnxSession } from '../../src/engine/devices/onnx-session.ts';
import { exportOnnx } from '../../src/engine/graph/export-onnx.ts';
import { extractFeatures } from '../../src/engine/train/extract-features.ts';
import { buildTrunk } from '../../src/engine/train/trunk.ts';
import { eachPhoto } from './decoding.ts';
import { bareSession } from './inference.ts';
import type { Backbone } from './material.ts';
import { cores, figure, measure, median } from './measure.ts';
import type { Cost, Figure } from './measure.ts';

const views: View[] = [{ flip: false }, { flip: true }];

async function pass(
  photos: readonly Uint8Array[],
  policy: InputPolicy,
  session: OnnxSession,
  batch: number,
): Promise<number> {
  const files = photos.map((bytes, index) => ({
    index,
    bytes: bytes.length,
    views,
    read: () => Promise.resolve(bytes),
  }));
  let vectors = 0;
  const events = extractFeatures(files, policy, session, batch, { decode: 0, inference: 0 });
  for await (const event of events) if (event.type === 'vector') vectors += 1;
  return vectors;
}

/**
 * The feature pass, plain and mirrored view of each photo, against decoding alone and inference alone on as many;
 * sessions are made beforehand for all. On a machine where both saturate every core, the pass can't be faster than
 * their processor time together divided by the cores: the bound.
 */
export async function benchFeatures(
  what: string,
  photos: readonly Uint8Array[],
  { graph, policy, file }: Backbone,
  rounds: number,
): Promise<{ figures: Figure[]; costs: Cost[] }> {
  const onnx = exportOnnx(buildTrunk(graph, policy).graph, { inputType: 'uint8' });
  const bare = await bareSession(file, policy, true);
  const still = await bareSession(file, policy, false);
  const session = await createSession(onnx);
  const pool = await createPool(onnx);
  const count = photos.length * views.length;
  const size = policy.height * policy.width * 3;
  const alone = async (run: (n: number) => Promise<void>): Promise<number> => {
    await run(count);
    return Math.ceil(count / 16) * 16;
  };
  const onPool = async (n: number): Promise<void> => {
    const lanes = Array.from({ length: 2 * (pool.lanes ?? 1) }, async (_, lane) => {
      for (let at = lane * 4; at < n; at += 8 * (pool.lanes ?? 1))
        await pool.run(new Uint8Array(4 * size), [4, policy.height, policy.width, 3]);
    });
    await Promise.all(lanes);
  };
  try {
    const costs = await measure(
      [
        {
          name: `${what}: decode alone`,
          work: async () =>
            views.length * (await eachPhoto(photos, (bytes) => decodeViews(bytes, policy, views))),
        },
        { name: `${what}: bare inference alone`, work: () => alone((n) => bare.run(n)) },
        { name: `${what}: bare inference alone, no spinning`, work: () => alone((n) => still.run(n)) },
        { name: `${what}: Holotype's inference alone`, work: () => alone(onPool) },
        {
          name: `${what}: feature pass, one session, batch 16`,
          work: () => pass(photos, policy, session, 16),
        },
        { name: `${what}: feature pass as it is`, work: () => pass(photos, policy, pool, 4) },
      ],
      rounds,
    );
    const [decode, spun, quiet, inference, , own] = costs as [Cost, Cost, Cost, Cost, Cost, Cost];
    const slower = (one: Cost): number =>
      median(
        own.rounds.map((wall, round) => wall / Math.max(one.rounds[round] ?? 0, decode.rounds[round] ?? 0)),
      );
    const yardstick = quiet.wall < spun.wall ? quiet : spun;
    const bound = (decode.cpu + inference.cpu) / cores;
    return {
      costs,
      figures: [
        figure(
          `feature pass of ${what} / slower of decode and bare inference`,
          slower(yardstick),
          'x',
          { atMost: 1.15 },
          `${count} views; the bare session is the faster of two: ${yardstick.name}`,
        ),
        figure(
          `feature pass of ${what} / slower of the two, processor time`,
          own.cpu / Math.max(decode.cpu, quiet.cpu),
          'x',
          { atMost: 1.15 },
          'what the ratio is where each saturates the cores; against the session that does not spin',
        ),
        figure(
          `feature pass of ${what} / slower of decode and Holotype's own inference`,
          slower(inference),
          'x',
        ),
        figure(
          `feature pass of ${what} / (decode + inference processor time) / ${cores} cores`,
          own.wall / bound,
          'x',
          undefined,
          'what is possible where both saturate the cores; 1 on a machine with nothing else to do',
        ),
        figure(`feature pass of ${what}`, 1000 / own.wall, 'views/s'),
      ],
    };
  } finally {
    for (const open of [bare, still, session, pool]) await open.release();
  }
}
