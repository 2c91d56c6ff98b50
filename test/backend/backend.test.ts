import { beforeEach, describe, expect, test } from 'vitest';
import {
  createBackend,
  fallbackReport,
  flush,
  inspect,
  markConstant,
  OnnxRuntimeBackend,
  stats,
} from '../../src/backend/index.ts';
import { numbers, random, tf } from './support.ts';

beforeEach(() => tf.setBackend('onnxruntime'));

/** What a callback changes in the backend's counters. */
function counting(run: () => void): { compiles: number; runs: number; cacheHits: number; nodes: number } {
  const before = stats();
  run();
  const after = stats();
  return {
    compiles: after.compiles - before.compiles,
    runs: after.runs - before.runs,
    cacheHits: after.cacheHits - before.cacheHits,
    nodes: after.nodes - before.nodes,
  };
}

describe('a lazy graph', () => {
  test('is computed once for everything that is still referenced', () => {
    const counts = counting(() => {
      tf.tidy(() => {
        const x = tf.exp(random([7, 3], 1));
        const y = tf.sum(x);
        tf.cos(x); // referenced until the scope ends
        y.dataSync();
        x.dataSync();
      });
    });
    expect(counts.runs).toBe(1);
  });

  test('leaves out what was disposed', () => {
    const counts = counting(() => {
      tf.tidy(() => {
        const x = random([5, 9], 1);
        tf.dispose(tf.tidy(() => tf.sin(tf.cos(x))));
        tf.neg(x).dataSync();
      });
    });
    expect(counts.nodes).toBe(1);
  });

  test('with the same structure and other data compiles nothing', () => {
    const step = (seed: number, factor: number): number[] =>
      tf.tidy(() => Array.from(tf.mul(tf.tanh(random([4, 11], seed)), tf.scalar(factor)).dataSync()));
    step(1, 2);
    let second: number[] = [];
    expect(counting(() => (second = step(2, 3)))).toMatchObject({ compiles: 0, cacheHits: 1 });
    expect(second[5]).toBeCloseTo(Math.tanh(numbers(44, 2)[5] as number) * 3, 5);
  });

  test('with another shape, attribute or wiring is another graph', () => {
    const base = (): tf.Tensor => tf.leakyRelu(tf.add(random([3, 13], 1), random([3, 13], 2)), 0.1);
    tf.tidy(() => base().dataSync());
    const others = [
      () => tf.leakyRelu(tf.add(random([3, 14], 1), random([3, 14], 2)), 0.1),
      () => tf.leakyRelu(tf.add(random([3, 13], 1), random([3, 13], 2)), 0.15),
      () => {
        const x = random([3, 13], 1);
        return tf.leakyRelu(tf.add(x, x), 0.1);
      },
    ];
    for (const other of others) {
      expect(counting(() => tf.tidy(() => other().dataSync())).compiles).toBe(1);
    }
    expect(counting(() => tf.tidy(() => base().dataSync())).compiles).toBe(0);
  });

  test('does not see what the caller does to an array afterwards', () => {
    tf.tidy(() => {
      const data = Float32Array.of(1, 2, 3);
      const y = tf.square(tf.tensor1d(data));
      data.fill(9);
      expect(Array.from(y.dataSync())).toEqual([1, 4, 9]);
    });
  });

  test('is evaluated by flush and by async reads', async () => {
    const y = tf.sqrt(tf.tensor1d([4, 9]));
    expect(counting(flush).runs).toBe(1);
    expect(Array.from(await y.data())).toEqual([2, 3]);
    y.dispose();
  });

  test('is evaluated by itself when it gets long', () => {
    const backend = createBackend({ threads: 1, maxPendingNodes: 10 });
    const info = {
      dataId: backend.write(Float32Array.of(1), [1], 'float32'),
      shape: [1],
      dtype: 'float32' as const,
    };
    let last: tf.TensorInfo = info;
    for (let i = 0; i < 35; i++) {
      backend.beforeKernel('Add');
      const next = backend.tensor(backend.graph.zip('Add', [backend.value(last), backend.value(info)]));
      backend.disposeData(last === info ? {} : last.dataId);
      last = next;
    }
    expect(backend.counters.runs).toBe(3);
    expect(Array.from(backend.readSync(last.dataId) as Float32Array)).toEqual([36]);
    backend.dispose();
  });
});

describe('memory', () => {
  test('is exact: as many data ids as before, reshapes share them', () => {
    const backend = tf.backend();
    const before = backend.numDataIds();
    const x = random([2, 6], 1);
    const y = tf.reshape(x, [3, 4]);
    expect(backend.numDataIds()).toBe(before + 1);
    x.dispose();
    expect(Array.from(y.dataSync())).toHaveLength(12);
    y.dispose();
    expect(backend.numDataIds()).toBe(before);
    expect(tf.memory().unreliable).not.toBe(true);
  });

  test('of the session cache is bounded by count and by bytes', () => {
    const few = createBackend({ threads: 1, maxSessions: 3 });
    const small = createBackend({ threads: 1, maxSessionBytes: 10_000 });
    for (const backend of [few, small]) {
      for (let size = 1; size <= 12; size++) {
        const data = new Float32Array(size * 50).fill(2);
        const info = {
          dataId: backend.write(data, [data.length], 'float32'),
          shape: [data.length],
          dtype: 'float32' as const,
        };
        const y = backend.tensor(backend.graph.map('Sqrt', backend.value(info)));
        expect((backend.readSync(y.dataId) as Float32Array)[0]).toBeCloseTo(Math.SQRT2, 6);
        backend.disposeData(info.dataId);
        backend.disposeData(y.dataId);
      }
      expect(backend.numDataIds()).toBe(0);
    }
    expect(few.cache.count).toBe(3);
    expect(small.cache.bytes).toBeLessThanOrEqual(10_000);
    expect(small.cache.count).toBeGreaterThan(0);
    few.dispose();
    small.dispose();
    expect(few.cache.count + small.cache.bytes).toBe(0);
  });
});

describe('constants', () => {
  test('are compiled in: the same results, no second compilation, released with the tensor', () => {
    const w = random([6, 5], 3) as tf.Tensor2D;
    const run = (seed: number): number[] =>
      tf.tidy(() => Array.from(tf.matMul(random([4, 6], seed) as tf.Tensor2D, w).dataSync()));
    const expected = [run(1), run(2)];
    markConstant(w);
    const { sessions } = stats();
    expect(counting(() => expect(run(1)).toEqual(expected[0])).compiles).toBe(1);
    expect(counting(() => expect(run(2)).toEqual(expected[1])).compiles).toBe(0);
    expect(stats().sessions).toBe(sessions + 1);
    w.dispose();
    expect(stats().sessions).toBe(sessions);
  });

  test('stays compiled when tensors that share its data go, as the casts in gradients do', () => {
    const w = random([6, 3], 3) as tf.Tensor2D;
    markConstant(w);
    const run = (seed: number): void => {
      tf.tidy(() => tf.sum(tf.mul(random([6, 3], seed), tf.cast(w, 'float32'))).dataSync());
    };
    run(1);
    expect(counting(() => run(2))).toMatchObject({ compiles: 0, cacheHits: 1 });
    w.dispose();
  });

  test('may be pending, or made on another backend', async () => {
    await tf.setBackend('cpu');
    const elsewhere = tf.tensor1d([1, 2]);
    await tf.setBackend('onnxruntime');
    const pending = tf.exp(tf.tensor1d([0, 0]));
    markConstant(elsewhere);
    markConstant(pending);
    tf.tidy(() => {
      expect(Array.from(tf.add(elsewhere, pending).dataSync())).toEqual([2, 3]);
    });
    tf.dispose([elsewhere, pending]);
  });
});

describe('layouts', () => {
  test('a network of convolutions transposes its input once and no activation after it', () => {
    const x = random([2, 12, 12, 3], 1) as tf.Tensor4D;
    const filters = [
      random([3, 3, 3, 6], 2),
      random([1, 1, 6, 6], 3),
      random([3, 3, 6, 6], 4),
    ] as tf.Tensor4D[];
    for (const filter of filters) markConstant(filter);
    const pooled = tf.tidy(() => {
      let y: tf.Tensor4D = x;
      for (const filter of filters) {
        const z: tf.Tensor4D = tf.relu(tf.add(tf.conv2d(y, filter, 1, 'same'), random([filter.shape[3]], 5)));
        y = tf.concat([z, tf.slice(z, [0, 1, 0, 0])], 1);
      }
      return tf.mean(tf.maxPool(y, 2, 2, 'valid'), [1, 2]);
    });
    pooled.dataSync();
    // One of the input, one of each filter (folded as they are constants).
    expect(inspect().get('Transpose')).toBeLessThanOrEqual(4);
    tf.dispose([x, pooled, ...filters]);
  });

  test('are undone where a tensor is read', () => {
    tf.tidy(() => {
      const x = random([2, 3], 1);
      const y = tf.transpose(x);
      const values = x.dataSync();
      expect(Array.from(y.dataSync())).toEqual([0, 3, 1, 4, 2, 5].map((i) => values[i]));
    });
  });
});

describe('errors', () => {
  test('name the kernel, the operation and the shapes, and leave the backend usable', () => {
    const backend = tf.backend() as OnnxRuntimeBackend;
    expect(backend).toBeInstanceOf(OnnxRuntimeBackend);
    backend.beforeKernel('MadeUp');
    const a = backend.leaf(new Float32Array(6), [2, 3], 'float32');
    const broken = backend.tensor(backend.graph.op('MatMul', [a, a], { type: 'float32', shape: [2, 3] }));
    expect(() => backend.readSync(broken.dataId)).toThrow(
      /kernel MadeUp \(ONNX MatMul of float32\[2,3\], float32\[2,3\]\)/,
    );
    expect(() => backend.readSync(broken.dataId)).toThrow(/MadeUp/);
    backend.disposeData(broken.dataId);
    tf.tidy(() => {
      expect(Array.from(tf.neg(tf.tensor1d([1])).dataSync())).toEqual([-1]);
    });
  });

  test('say when shapes do not broadcast', () => {
    tf.tidy(() => {
      expect(() => tf.add(random([2, 3], 1), random([4, 3], 2))).toThrow(/2,3.*4,3/);
    });
  });
});

describe('kernels on the host', () => {
  test('are counted one by one', () => {
    const before = fallbackReport().get('Bincount') ?? 0;
    tf.tidy(() => {
      const counts = tf.bincount(tf.tensor1d([1, 1, 2], 'int32'), tf.tensor1d([]), 4);
      expect(Array.from(counts.dataSync())).toEqual([0, 2, 1, 0]);
    });
    expect(fallbackReport().get('Bincount')).toBe(before + 1);
    expect(stats().fallbacks).toBeGreaterThan(0);
  });
});
