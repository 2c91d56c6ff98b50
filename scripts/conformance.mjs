// Runs TensorFlow.js' own published tests against a backend:
//   node scripts/conformance.mjs [--backend cpu|onnxruntime] [--filter TEXT] [--json FILE] [--check-skips]
// It bundles test/conformance (with tfjs-core's tests and exactly one copy of tfjs-core) and starts it.
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const outdir = `${root}test-results/conformance`;
const core = `${root}node_modules/@tensorflow/tfjs-core/dist`;

/** The test modules that tfjs-core publishes, each loaded only when asked for, in its own order. */
const publishedTests = {
  name: 'published tests',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^conformance:tests$/ }, ({ path }) => ({ path, namespace: 'conformance' }));
    onLoad({ filter: /.*/, namespace: 'conformance' }, () => {
      const list = readFileSync(`${core}/tests.js`, 'utf8');
      const files = [...list.matchAll(/^import '\.\/(.+)';$/gm)].map(([, file]) => file);
      const entries = files.map((file) => `  '${file}': () => import('${core}/${file}'),`);
      return { contents: `export const tests = {\n${entries.join('\n')}\n};`, resolveDir: root };
    });
  },
};

/**
 * TensorFlow.js doesn't even define its browser tests elsewhere. Many need no browser at all, and
 * those that do shall stand in the list of skips and in its count rather than vanish.
 */
const everyEnvironment = {
  name: 'every environment',
  setup({ onLoad }) {
    onLoad({ filter: /tfjs-core\/dist\/jasmine_util\.js$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const contents = source
        .replace(`predicate: () => env().platformName === 'browser'`, 'predicate: () => true')
        .replace(`flags: { 'IS_CHROME': true }`, 'predicate: () => true');
      if (contents.split('predicate: () => true').length !== 3)
        throw new Error(`${path} names its environments in another way than tfjs-core 4.22`);
      return { contents, loader: 'js' };
    });
  },
};

await build({
  absWorkingDir: root,
  entryPoints: { main: 'test/conformance/main.ts', worker: 'test/conformance/worker.ts' },
  outdir,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  mainFields: ['module', 'main'], // the ES modules: tfjs-core's tests import its single files
  external: ['jasmine-core', 'onnxruntime-node', 'onnxruntime-common', 'node-fetch', 'typescript'],
  plugins: [publishedTests, everyEnvironment],
  banner: {
    js: `import { createRequire as ownRequire } from 'node:module'; const require = ownRequire(import.meta.url);`,
  },
  outExtension: { '.js': '.mjs' },
  logLevel: 'error',
});

const { main } = await import(`${outdir}/main.mjs`);
process.exitCode = await main(process.argv.slice(2), `${outdir}/worker.mjs`);
