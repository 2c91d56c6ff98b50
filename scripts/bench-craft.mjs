// Measures how good Holotype's help is, on real photos and on problems with known answers:
//   node scripts/bench-craft.mjs [--json] [--only PART,PART] [--shared DIR]
// It bundles test/bench/craft/main.ts as the command line is bundled, and starts it.
import { build } from 'esbuild';
import { nodeBundle, root } from './esbuild-options.mjs';

const outdir = `${root}dist/bench-craft`;
await build(
  nodeBundle(
    {
      'bench-craft': 'test/bench/craft/main.ts',
      'landscape-thread': 'src/service/landscape/landscape-thread.ts',
      'search-thread': 'src/service/search/head-thread.ts',
    },
    outdir,
  ),
);
const { main } = await import(`${outdir}/bench-craft.mjs`);
process.exitCode = await main(process.argv.slice(2), root);
