// Builds the command line (and what it shares with the other hosts) into dist/node with esbuild:
// one ES module a command, so that `holotype --help` loads almost nothing.
import { build } from 'esbuild';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const outdir = `${root}dist/node`;

rmSync(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { cli: 'src/hosts/cli/main.ts' },
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Everything in node_modules stays there, but for the gradients of TensorFlow.js: its Node entry
  // point leaves them out and Node can't load the package's ES modules as they are.
  plugins: [
    {
      name: 'externals',
      setup({ onResolve }) {
        onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
          kind === 'entry-point' || path.startsWith('@tensorflow/tfjs-core/dist/')
            ? undefined
            : { path, external: true },
        );
      },
    },
  ],
  sourcemap: 'linked',
  outExtension: { '.js': '.mjs' },
  logLevel: 'warning',
});
writeFileSync(`${outdir}/built`, new Date().toISOString());
