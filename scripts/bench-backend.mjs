// Measures backend `onnxruntime` against bare ONNX Runtime sessions, in the same run:
//   node scripts/bench-backend.mjs [--json] [--only memory,mobilenet,resnet,others] [--rounds N] [--limit SECONDS]
// It bundles test/bench/backend/main.ts as the command line is bundled, and starts it.
import { build } from 'esbuild';
import { nodeBundle, root } from './esbuild-options.mjs';

const args = process.argv.slice(2);
const outdir = `${root}dist/bench-backend`;
// What is measured in a process of its own is this script again: its bundle is there already.
if (!args.includes('--own'))
  await build(nodeBundle({ 'bench-backend': 'test/bench/backend/main.ts' }, outdir));
const { main } = await import(`${outdir}/bench-backend.mjs`);
process.exitCode = await main(args, root, process.argv[1]);
