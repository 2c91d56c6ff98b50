// Builds the command line (and what it shares with the other hosts) into dist/node with esbuild:
// one ES module a command, so that `holotype --help` loads almost nothing.
import { build } from 'esbuild';
import { mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const outdir = `${root}dist/node`;
// CommonJS packages of megabytes: `require` runs them at once, `import` would read them for names first.
const commonjs = /^(@tensorflow\/tfjs-core|sharp)$/;
const bundled = /^(@tensorflow\/tfjs-core\/dist|commander|zod)(\/|$)/;
const started = new Date();

mkdirSync(outdir, { recursive: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { cli: 'src/hosts/cli/main.ts' },
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Everything in node_modules stays there, but for two: the gradients of TensorFlow.js, which its
  // Node entry point leaves out and Node can't load as the ES modules they are; and what every
  // command starts with, because one file is read faster than a package's hundred.
  plugins: [
    {
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
    },
  ],
  // What CommonJS packages ask for, and what is asked of them.
  banner: {
    js: `import { createRequire as ownRequire } from 'node:module'; const require = ownRequire(import.meta.url);`,
  },
  sourcemap: 'linked',
  outExtension: { '.js': '.mjs' },
  logLevel: 'warning',
  metafile: true,
});
// Names hold a hash of the contents. What an older build left is kept for an hour: a command that
// is still running may yet load its parts.
const fresh = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
for (const name of readdirSync(outdir)) {
  const age = Date.now() - statSync(`${outdir}/${name}`).mtimeMs;
  if (!fresh.has(name) && age > 3_600_000) rmSync(`${outdir}/${name}`, { force: true });
}
writeFileSync(`${outdir}/built`, started.toISOString());
utimesSync(`${outdir}/built`, started, started); // a file changed while it was read is built again
