// How TypeScript of this repository is bundled for Node: shared by the build and the benchmark.
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

// CommonJS packages of megabytes: `require` runs them at once, `import` would read them for names first.
const commonjs = /^(@tensorflow\/tfjs-core|sharp)$/;
// Everything in node_modules stays there, but for two: the gradients of TensorFlow.js, which its
// Node entry point leaves out and Node can't load as the ES modules they are; and what every
// command starts with, because one file is read faster than a package's hundred.
const bundled = /^(@tensorflow\/tfjs-core\/dist|commander|zod)(\/|$)/;

// The gradients bring a second copy of tfjs-core's internals. Whichever copy runs first makes the one engine that both
// use, and its tensors; only the package's own copy gives tensors their methods. So it is made to run first, in a
// module of its own because imports run before whatever else a module does.
const gradients = /tfjs-core[\\/]dist[\\/]register_all_gradients\.js$/;
const coreFirst = {
  name: 'core-first',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^core-first$/ }, ({ path }) => ({
      path,
      namespace: 'core-first',
      sideEffects: true,
    }));
    onLoad({ filter: /./, namespace: 'core-first' }, () => ({
      contents: `import { createRequire } from 'node:module'; createRequire(import.meta.url)('@tensorflow/tfjs-core');`,
      resolveDir: root,
    }));
    onLoad({ filter: gradients }, ({ path }) => ({
      contents: `import 'core-first';\n${readFileSync(path, 'utf8')}`,
      resolveDir: dirname(path),
    }));
  },
};

const externals = {
  name: 'externals',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || bundled.test(path)
        ? undefined
        : commonjs.test(path) && kind === 'import-statement'
          ? { path, namespace: 'commonjs' }
          : { path, external: true },
    );
    onLoad({ filter: /./, namespace: 'commonjs' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

/** esbuild's options. @param entryPoints by the name of what comes out */
export function nodeBundle(entryPoints, outdir) {
  return {
    absWorkingDir: root,
    entryPoints,
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    plugins: [coreFirst, externals],
    // What CommonJS packages ask for, and what is asked of them.
    banner: {
      js: `import { createRequire as ownRequire } from 'node:module'; const require = ownRequire(import.meta.url);`,
    },
    sourcemap: 'linked',
    outExtension: { '.js': '.mjs' },
    logLevel: 'warning',
  };
}
