// What the two ways to CUDA need, and what of it a machine lacks. Looks at nothing itself: setup-cuda.mjs does.
//
// Driver versions: NVIDIA's "CUDA Toolkit and minimum required driver version for CUDA minor version compatibility".
// Libraries: what the published binaries link to (ONNX Runtime: CUDA 12.x and cuDNN 9; TensorFlow 2.9: CUDA 11.x
// from 11.2 on and cuDNN 8 from 8.1 on).

/** What is installed, what has to be there for it, and where it exists at all. */
export const ways = {
  onnxruntime: {
    name: 'ONNX Runtime for CUDA',
    platforms: ['linux'],
    driver: { linux: '525.60.13' },
    cuda: 'CUDA 12',
    cudnn: 'cuDNN 9 for CUDA 12',
    cudaLibraries: {
      linux: ['libcudart.so.12', 'libcublas.so.12', 'libcublasLt.so.12', 'libcufft.so.11', 'libcurand.so.10'],
    },
    cudnnLibraries: { linux: ['libcudnn.so.9'] },
  },
  tensorflow: {
    name: 'TensorFlow for CUDA (@tensorflow/tfjs-node-gpu)',
    platforms: ['linux', 'win32'],
    driver: { linux: '450.80.02', win32: '452.39' },
    cuda: 'CUDA 11.2 to 11.8',
    cudnn: 'cuDNN 8.1 to 8.9 for CUDA 11',
    cudaLibraries: {
      linux: [
        'libcudart.so.11.0',
        'libcublas.so.11',
        'libcublasLt.so.11',
        'libcufft.so.10',
        'libcurand.so.10',
        'libcusolver.so.11',
        'libcusparse.so.11',
      ],
      win32: ['cudart64_110.dll', 'cublas64_11.dll', 'cufft64_10.dll', 'cusparse64_11.dll'],
    },
    cudnnLibraries: { linux: ['libcudnn.so.8'], win32: ['cudnn64_8.dll'] },
  },
};

/**
 * Cards and drivers, from `nvidia-smi --query-gpu=name,driver_version --format=csv,noheader`.
 *
 * @param {string} text
 * @returns {{ name: string, driver: string }[]}
 */
export function parseCards(text) {
  return text
    .split(/\r?\n/)
    .map((line) => /^(.+),\s*(\d+(?:\.\d+)+)\s*$/.exec(line.trim()))
    .filter((match) => match !== null)
    .map(([, name = '', driver = '']) => ({ name, driver }));
}

/**
 * Compares "525.60.13" and the like number by number; what is left out counts as 0.
 *
 * @param {string} a
 * @param {string} b
 * @returns {number} below 0 where `a` is older
 */
export function compareVersions(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Names of shared libraries in the output of `ldconfig -p`.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function parseLdconfig(text) {
  return text.split('\n').flatMap((line) => /^\s+(\S+\.so\S*)\s/.exec(line)?.[1] ?? []);
}

/**
 * What a machine lacks for one of the ways, as sentences; none: it can be installed and used.
 *
 * @param {'onnxruntime' | 'tensorflow'} way
 * @param {{ platform: string, arch: string, cards: { name: string, driver: string }[], libraries: Iterable<string> }} machine
 *   `libraries`: file names of the shared libraries that programs find
 * @returns {string[]}
 */
export function missingFor(way, { platform, arch, cards, libraries }) {
  const { name, platforms, driver, cuda, cudnn, cudaLibraries, cudnnLibraries } = ways[way];
  if (!platforms.includes(platform) || arch !== 'x64')
    return [`${name} does not exist for this system (${platform} ${arch}).`];
  const missing = [];
  const oldest = driver[platform];
  if (cards.length === 0)
    missing.push(
      `No NVIDIA card with a driver was found (nvidia-smi); the driver has to be ${oldest} or newer.`,
    );
  for (const card of cards)
    if (compareVersions(card.driver, oldest) < 0)
      missing.push(`The driver of ${card.name} is ${card.driver}; ${cuda} needs ${oldest} or newer.`);
  const found = new Set(libraries);
  const lacks = (wanted) => wanted.filter((library) => !found.has(library));
  const toolkit = lacks(cudaLibraries[platform]);
  if (toolkit.length > 0)
    missing.push(`${cuda} is missing or not where programs find it: ${toolkit.join(', ')}.`);
  const networks = lacks(cudnnLibraries[platform]);
  if (networks.length > 0)
    missing.push(`${cudnn} is missing or not where programs find it: ${networks.join(', ')}.`);
  return missing;
}
