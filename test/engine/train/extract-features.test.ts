import { describe, expect, test } from 'vitest';
import { HolotypeError } from '../../../src/contract/errors.ts';
import { decodeConcurrency } from '../../../src/engine/data/decode.ts';
import type { OnnxSession } from '../../../src/engine/devices/onnx-session.ts';
import { extractFeatures } from '../../../src/engine/train/extract-features.ts';
import type { FeatureEvent, PhotoToRead } from '../../../src/engine/train/extract-features.ts';
import { plainPhoto, policyOf, quarters } from '../data/photo-fixtures.ts';

const policy = policyOf(8, 8);

/** Answers with the means of the three channels, and remembers what it was asked. */
function fakeSession(onRun: (run: number) => void = () => undefined): OnnxSession & { batches: number[] } {
  const batches: number[] = [];
  return {
    batches,
    outputNames: ['features'],
    async run(input, shape) {
      const [n = 0] = shape;
      expect(shape).toEqual([n, 8, 8, 3]);
      expect(input).toHaveLength(n * 8 * 8 * 3);
      batches.push(n);
      onRun(batches.length);
      const means = new Float32Array(n * 3);
      input.forEach((value, at) => {
        const slot = Math.floor(at / (8 * 8 * 3)) * 3 + (at % 3);
        means[slot] = (means[slot] ?? 0) + value / 64;
      });
      return [means];
    },
    release: async () => undefined,
  };
}

const plain = { flip: false };
const flipped = { flip: true };

/** A photo whose red tells its index. */
function photo(index: number, more: Partial<PhotoToRead> = {}): PhotoToRead {
  const background = `rgb(${index * 5}, 0, 0)`;
  return {
    index,
    bytes: 100,
    views: [plain],
    read: async () => plainPhoto(12, 10, background).png().toBuffer(),
    ...more,
  };
}

async function extract(
  photos: readonly PhotoToRead[],
  options: { session?: OnnxSession; batch?: number; signal?: AbortSignal } = {},
): Promise<FeatureEvent[]> {
  const { session = fakeSession(), batch = 4, signal } = options;
  const events: FeatureEvent[] = [];
  const times = { decode: 0, inference: 0 };
  for await (const event of extractFeatures(photos, policy, session, batch, times, signal)) {
    // The vector may be a view into the session's memory.
    events.push(event.type === 'vector' ? { ...event, vector: event.vector.slice() } : event);
  }
  return events;
}

/** Numbered photos. */
const count = (n: number): PhotoToRead[] => Array.from({ length: n }, (_, index) => photo(index));

describe('features of photos', () => {
  test('come in the photos’ order, in full batches but for the last', async () => {
    const session = fakeSession();
    // The first ones take longest to read.
    const photos = count(11).map((one) => ({
      ...one,
      read: async () => {
        await new Promise((resolve) => setTimeout(resolve, (11 - one.index) * 3));
        return one.read();
      },
    }));
    const events = await extract(photos, { session });
    expect(session.batches).toEqual([4, 4, 3]);
    expect(events.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (const event of events)
      expect(event).toMatchObject({
        type: 'vector',
        view: 0,
        vector: Float32Array.of(event.index * 5, 0, 0),
      });
  });

  test('are there for every view that is wanted, across batches', async () => {
    const session = fakeSession();
    const photos = count(3).map((one) => ({ ...one, views: [plain, flipped] }));
    const events = await extract(photos, { session, batch: 4 });
    expect(session.batches).toEqual([4, 2]);
    expect(events.map((event) => (event.type === 'vector' ? [event.index, event.view] : []))).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
      [2, 0],
      [2, 1],
    ]);
  });

  test('of a mirrored view are those of the mirrored photo', async () => {
    const seen: number[][] = [];
    const session: OnnxSession = {
      ...fakeSession(),
      run: async (input, [n = 0]) => {
        for (let i = 0; i < n; i += 1) seen.push([...input.subarray(i * 192, (i + 1) * 192)]);
        return [new Float32Array(n)];
      },
    };
    const read = async (): Promise<Uint8Array> => quarters(16, 16).png().toBuffer();
    await extract([photo(0, { read, views: [plain, flipped] })], { session });
    const mirrored = Array.from({ length: 64 }, (_, at) => {
      const from = Math.floor(at / 8) * 8 + (7 - (at % 8));
      return (seen[0] ?? []).slice(from * 3, from * 3 + 3);
    }).flat();
    const [first = [], second = []] = seen;
    expect(second.every((value, at) => Math.abs(value - (mirrored[at] ?? 0)) <= 2)).toBe(true);
    expect(second).not.toEqual(first);
  });

  test('of nothing are nothing', async () => {
    const session = fakeSession();
    expect(await extract([], { session })).toEqual([]);
    expect(session.batches).toEqual([]);
  });
});

describe('trouble', () => {
  test('a photo that can’t be read or decoded is told of in its place; the rest goes on', async () => {
    const photos = [
      photo(0),
      photo(1, { read: async () => Buffer.from('no photo') }),
      photo(2),
      photo(3, {
        read: () => Promise.reject(new HolotypeError('storage', 'The drive is gone.')),
      }),
      photo(4),
    ];
    const session = fakeSession();
    const events = await extract(photos, { session, batch: 2 });
    const failed = events.flatMap((event) => (event.type === 'failed' ? [[event.index, event.reason]] : []));
    expect(failed).toEqual([
      [1, expect.stringMatching(/\w/)],
      [3, 'The drive is gone.'],
    ]);
    expect(events.flatMap((event) => (event.type === 'vector' ? [event.index] : []))).toEqual([0, 2, 4]);
    expect(session.batches).toEqual([2, 1]);
  });

  test('nothing but failures needs no session', async () => {
    const session = fakeSession();
    const photos = [photo(0, { read: async () => new Uint8Array() })];
    expect(await extract(photos, { session })).toMatchObject([{ type: 'failed', index: 0 }]);
    expect(session.batches).toEqual([]);
  });

  test('a defect is no photo’s fault', async () => {
    const photos = [photo(0), photo(1, { read: () => Promise.reject(new TypeError('defect')) })];
    await expect(extract(photos)).rejects.toThrow('defect');
    const broken: OnnxSession = { ...fakeSession(), run: () => Promise.reject(new Error('out of memory')) };
    await expect(extract(count(3), { session: broken })).rejects.toThrow('out of memory');
  });

  test('stops within a batch: none is begun after the abort', async () => {
    const controller = new AbortController();
    const session = fakeSession((run) => {
      if (run === 3) controller.abort(new Error('enough'));
    });
    const got: number[] = [];
    const pass = async (): Promise<void> => {
      const times = { decode: 0, inference: 0 };
      for await (const { index } of extractFeatures(count(40), policy, session, 4, times, controller.signal))
        got.push(index);
    };
    await expect(pass()).rejects.toThrow('enough');
    expect(session.batches).toEqual([4, 4, 4]);
    expect(got.slice(0, 4)).toEqual([0, 1, 2, 3]); // what was answered before is not lost
    expect(got.length).toBeLessThan(12);
  });

  test('does not begin when it was stopped before', async () => {
    const session = fakeSession();
    let read = 0;
    const photos = [photo(0, { read: async () => new Uint8Array((read += 1)) })];
    const signal = AbortSignal.abort(new Error('never mind'));
    await expect(extract(photos, { session, signal })).rejects.toThrow('never mind');
    expect(read).toBe(0);
  });
});

describe('memory', () => {
  /** How many photos were read but not answered for, at worst. */
  async function mostAhead(bytes: number): Promise<number> {
    let read = 0;
    let most = 0;
    let answered = 0;
    const photos = count(60).map((one) => ({
      ...one,
      bytes,
      read: () => {
        read += 1;
        most = Math.max(most, read - answered);
        return one.read();
      },
    }));
    const times = { decode: 0, inference: 0 };
    for await (const event of extractFeatures(photos, policy, fakeSession(), 4, times)) {
      answered += event.type === 'vector' ? 1 : 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(answered).toBe(60);
    return most;
  }

  test('only a few batches are decoded ahead of the backbone', async () => {
    // Four batches decoded, two in the session, and what the cores are at.
    expect(await mostAhead(1000)).toBeLessThanOrEqual(4 * (4 + 2) + decodeConcurrency());
  });

  test('huge files are read one at a time', async () => {
    expect(await mostAhead(300 * 2 ** 20)).toBeLessThanOrEqual(4 * 2 + 1);
  });
});

test('a session with several lanes is kept busy, and its answers come in order all the same', async () => {
  let under = 0;
  let most = 0;
  const session: OnnxSession = {
    ...fakeSession(),
    lanes: 3,
    run: async (input, [n = 0]) => {
      under += 1;
      most = Math.max(most, under);
      // Whoever is asked first answers last.
      await new Promise((resolve) => setTimeout(resolve, 20 - (under % 3) * 6));
      under -= 1;
      return [Float32Array.from({ length: n }, (_, i) => input[i * 8 * 8 * 3] ?? 0)];
    },
  };
  const events = await extract(count(30), { session, batch: 2 });
  expect(events.map(({ index }) => index)).toEqual(Array.from({ length: 30 }, (_, i) => i));
  for (const event of events)
    expect(event).toMatchObject({ type: 'vector', vector: Float32Array.of(event.index * 5) });
  expect(most).toBeGreaterThanOrEqual(3);
  expect(most).toBeLessThanOrEqual(6);
});

test('says where the time went', async () => {
  const times = { decode: 0, inference: 0 };
  const session: OnnxSession = {
    ...fakeSession(),
    run: async (_, [n = 0]) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return [new Float32Array(n * 3)];
    },
  };
  for await (const event of extractFeatures(count(3), policy, session, 1, times))
    expect(event.type).toBe('vector');
  expect(times.inference).toBeGreaterThan(0.015);
  expect(times.decode).toBeGreaterThan(0);
});
