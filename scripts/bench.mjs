// Measures the figures Holotype promises, each against its yardstick in the same run:
//   node scripts/bench.mjs [--json] [--only start-up,inference,decode,features,train] [--rounds N]
// It bundles test/bench/main.ts as the command line is bundled, and starts it.
import { build } from 'esbuild';
import { nodeBundle, root } from './esbuild-options.mjs';

const outdir = `${root}dist/bench`;
await build(nodeBundle({ bench: 'test/bench/main.ts' }, outdir));
const { main } = await import(`${outdir}/bench.mjs`);
process.exitCode = await main(process.argv.slice(2), root);
