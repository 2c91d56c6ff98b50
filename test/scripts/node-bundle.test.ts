/** The processes that train are bundled so that TensorFlow.js' gradients work in them. */
import { build, type BuildOptions, type Metafile } from 'esbuild';
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import electron from '../../electron.vite.config.ts';
// @ts-expect-error a script without types
import { nodeBundle } from '../../scripts/esbuild-options.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** In the checkout, because that is where what it imports is found. */
const built = join(root, `test-results/node-bundle-${process.pid}`);
afterAll(() => rmSync(built, { recursive: true, force: true }));

const bundle = async (entries: Record<string, string>): Promise<Metafile> => {
  const options = nodeBundle(entries, built) as BuildOptions;
  const { metafile } = await build({ ...options, metafile: true });
  return metafile;
};

/** What is left to Node to find, of ES modules that it can't load. */
const unloadable = ({ outputs }: Metafile): string[] =>
  Object.values(outputs).flatMap(({ imports }) =>
    imports
      .filter(({ path, external }) => external && /^@tensorflow\/.*\/dist\//.test(path))
      .map(({ path }) => path),
  );

/** The order that goes wrong by itself: the gradients' copy of tfjs-core would come before the package's own. */
const entry = `
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { startTf, startTfOnOnnxRuntime, tf } from '../../src/engine/train/tf.ts';
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';

const wasm = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep;
const trained = {};
for (const start of [() => startTf(wasm), () => startTfOnOnnxRuntime()]) {
  const backend = await start();
  const weight = tf.variable(tf.tensor2d([3, -2], [2, 1]));
  const x = tf.tensor2d([1, 2, -1, 1, 2, 0], [3, 2]);
  const optimizer = tf.train.sgd(0.1);
  const loss = () => tf.mean(tf.square(tf.relu(tf.matMul(x, weight))));
  const [before] = loss().dataSync();
  for (let step = 0; step < 5; step++) optimizer.minimize(loss, false, [weight]);
  const [after] = loss().clone().dataSync();
  trained[backend] = { before, after };
}
console.log(JSON.stringify(trained));
`;

describe("the bundle of Node's processes", () => {
  it('trains on WebAssembly and on ONNX Runtime, under plain Node', async () => {
    mkdirSync(built, { recursive: true });
    writeFileSync(join(built, 'training.ts'), entry);
    await bundle({ training: join(built, 'training.ts') });
    const { stdout } = await promisify(execFile)(process.execPath, [join(built, 'training.mjs')]);
    const trained = JSON.parse(stdout) as Record<string, { before: number; after: number }>;
    expect(Object.keys(trained)).toEqual(['wasm', 'onnxruntime']);
    for (const { before, after } of Object.values(trained)) expect(after).toBeLessThan(before / 2);
  });

  it("holds the desktop's processes with nothing in them that Node can't load", async () => {
    const names = ['engine', 'worker', 'probe'];
    const metafile = await bundle(
      Object.fromEntries(names.map((name) => [`desktop-${name}`, `electron/main/${name}-entry.ts`])),
    );
    expect(unloadable(metafile)).toEqual([]);
    expect(Object.keys(metafile.inputs).some((path) => path.endsWith('register_all_gradients.js'))).toBe(
      true,
    );
  });
});

it('what electron-vite bundles for the main process never trains: it would leave the gradients out', async () => {
  const { main } = electron as { main: { build: { rolldownOptions: { input: Record<string, string> } } } };
  const { metafile } = await build({
    entryPoints: main.build.rolldownOptions.input,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    outdir: built,
    write: false,
    metafile: true,
  });
  expect(unloadable(metafile)).toEqual([]);
});
