// Sets up training on CUDA: an explicit step, because it downloads some hundred megabytes from outside the npm
// registry and needs an NVIDIA card. Says what is missing rather than leaving a half-made installation.
import { spawnSync } from 'node:child_process';

const wanted = '@tensorflow/tfjs-node-gpu@4.22.0';

function fail(message) {
  console.error(message);
  process.exit(1);
}

if (process.platform === 'darwin') fail('CUDA does not exist on macOS; Holotype trains on the CPU there.');

const card = spawnSync('nvidia-smi', ['--query-gpu=name,driver_version', '--format=csv,noheader'], {
  encoding: 'utf8',
});
if (card.status !== 0)
  fail(
    'No NVIDIA driver was found (nvidia-smi does not answer).\nInstall the driver (450.80 or newer), CUDA 11.8 and cuDNN 8.6, then run this again.',
  );
console.log(`Found: ${card.stdout.trim()}`);
console.log(`Installing ${wanted}; its own install step downloads TensorFlow for CUDA.`);

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const installed = spawnSync(
  npm,
  ['install', '--no-save', '--ignore-scripts=false', '--foreground-scripts', wanted],
  { stdio: 'inherit', shell: process.platform === 'win32' },
);
if (installed.status !== 0)
  fail(
    `${wanted} could not be installed. It needs the internet beyond the npm registry, Python 3 and a C++ compiler when no prebuilt addon fits this Node.js (${process.version}).`,
  );

const check = spawnSync(
  process.execPath,
  [
    '-e',
    "const tf = require('@tensorflow/tfjs-node-gpu'); console.log(tf.version['tfjs-node'] ?? 'loaded');",
  ],
  { encoding: 'utf8' },
);
if (check.status !== 0)
  fail(
    `It is installed but does not load:\n${check.stderr.trim()}\nUsually CUDA 11.8 or cuDNN 8.6 are not where the system finds libraries (LD_LIBRARY_PATH, PATH).`,
  );
console.log('Ready: holotype train <photos> --device cuda');
