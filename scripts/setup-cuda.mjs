// Sets up training on CUDA: an explicit step, because it downloads some hundred megabytes from outside the npm
// registry and needs an NVIDIA card. Says what is missing rather than leaving a half-made installation.
//
//   npm run setup:cuda                   ONNX Runtime's CUDA files (Linux), TensorFlow's where its CUDA 11 is there
//   npm run setup:cuda -- --check        only say what is there and what is missing
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { missingFor, parseCards, parseLdconfig, ways } from './cuda-requirements.mjs';

const tensorflow = '@tensorflow/tfjs-node-gpu@4.22.0';
const windows = process.platform === 'win32';

/** @returns {string} what a command printed, or nothing where it isn't there or failed */
function output(command, ...args) {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? stdout : '';
}

/** Where programs look for libraries besides what the system's own index (ldconfig) knows. */
function libraryFolders() {
  const variable = windows ? process.env.PATH : process.env.LD_LIBRARY_PATH;
  const usual = windows ? [] : ['/usr/local/cuda/lib64'];
  return [...(variable ?? '').split(windows ? ';' : ':'), ...usual].filter(
    (folder) => folder !== '' && existsSync(folder),
  );
}

/** @returns {string[]} none where the folder can't be read */
function namesIn(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Runs Node.js on a few lines, as the app would run them. */
function tried(code) {
  const { status, stderr } = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8' });
  return status === 0 ? undefined : stderr.trim();
}

function installOnnxRuntime() {
  const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  console.log('Fetching the CUDA files of ONNX Runtime (several hundred megabytes, from nuget.org).');
  const { status } = spawnSync(
    process.execPath,
    [join(folder, 'script', 'install.js'), '--onnxruntime-node-install=cuda12'],
    { stdio: 'inherit', cwd: folder },
  );
  if (status !== 0) return 'They could not be fetched: this needs the internet beyond the npm registry.';
  const problem = tried(`
    const { InferenceSession } = require('onnxruntime-node');
    // A model of no nodes is refused, but only after the device was found.
    InferenceSession.create(new Uint8Array(), { executionProviders: ['cuda'] }).catch((error) => {
      if (/cuda|shared library/i.test(error.message)) throw error;
    });`);
  return problem === undefined ? undefined : `They are there but don't load:\n${problem}`;
}

function installTensorflow() {
  console.log(`Installing ${tensorflow}; its own install step downloads TensorFlow for CUDA.`);
  const { status } = spawnSync(
    windows ? 'npm.cmd' : 'npm',
    ['install', '--no-save', '--ignore-scripts=false', '--foreground-scripts', tensorflow],
    { stdio: 'inherit', shell: windows },
  );
  if (status !== 0)
    return `${tensorflow} could not be installed. It needs the internet beyond the npm registry, Python 3 and a C++ compiler when no prebuilt addon fits this Node.js (${process.version}).`;
  const problem = tried("require('@tensorflow/tfjs-node-gpu');");
  return problem === undefined ? undefined : `It is installed but does not load:\n${problem}`;
}

if (process.platform === 'darwin') {
  console.error(
    'CUDA does not exist on macOS; Holotype reaches Apple graphics through WebGPU and Core ML there.',
  );
  process.exit(1);
}

const machine = {
  platform: process.platform,
  arch: process.arch,
  cards: parseCards(output('nvidia-smi', '--query-gpu=name,driver_version', '--format=csv,noheader')),
  libraries: [
    ...(windows ? [] : parseLdconfig(output('ldconfig', '-p') || output('/sbin/ldconfig', '-p'))),
    ...libraryFolders().flatMap(namesIn),
  ],
};
for (const { name, driver } of machine.cards) console.log(`Found ${name} with driver ${driver}.`);

let ready = 0;
for (const [way, install] of [
  ['onnxruntime', installOnnxRuntime],
  ['tensorflow', installTensorflow],
]) {
  const { name } = ways[way];
  const missing = missingFor(way, machine);
  if (missing.length > 0) {
    console.log([`${name}: can't be used yet.`, ...missing].join('\n  '));
    continue;
  }
  if (process.argv.includes('--check')) {
    console.log(`${name}: everything it needs is there.`);
    ready += 1;
    continue;
  }
  const problem = install();
  if (problem === undefined) {
    console.log(`${name}: ready.`);
    ready += 1;
  } else console.error(`${name}: ${problem}`);
}
if (ready === 0) {
  console.error(
    machine.platform === 'win32'
      ? 'Nothing was set up. Without it, DirectML and WebGPU reach the card: see `holotype devices`.'
      : 'Nothing was set up. One of the two is enough; without either, WebGPU may reach the card: see `holotype devices`.',
  );
  process.exit(1);
}
console.log('See `holotype devices`, then: holotype train <photos> --device cuda');
