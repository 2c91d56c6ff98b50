/** What has to stay the same for what was found out about devices to stay true. */
import { execFile } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, cpus, platform, release } from 'node:os';
import { dirname, join } from 'node:path';
import { softwareVersions } from './versions.ts';

/** Environment variables that send programs to other drivers or cards. */
const variables = [
  'VK_ICD_FILENAMES',
  'VK_DRIVER_FILES',
  'LD_LIBRARY_PATH',
  'CUDA_VISIBLE_DEVICES',
  'CUDA_PATH',
];

const linuxFiles = [
  '/proc/driver/nvidia/version',
  ...['nvidia', 'amdgpu', 'i915', 'xe', 'nouveau'].map((module) => `/sys/module/${module}/version`),
];

/** Folders whose files' names and times change when a driver or its loader is installed or updated. */
const linuxFolders = [
  '/usr/share/vulkan/icd.d',
  '/etc/vulkan/icd.d',
  '/usr/local/share/vulkan/icd.d',
  '/sys/class/drm',
];
const linuxLibraries = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'];
const library = /^lib(vulkan|cuda|cudnn|cudart|cublas)\.so/;

/**
 * Machine, system, drivers and the software that talks to them, as lines of text: equal today and tomorrow unless
 * something about them has changed. What can't be read is left out.
 */
export async function driverFacts(): Promise<string[]> {
  const software = { ...softwareVersions(), 'tfjs-node-gpu': tfjsNodeGpuVersion() };
  return [
    `${platform()} ${release()} ${arch()} ${cpus()[0]?.model ?? ''} ${cpus().length}`,
    ...Object.entries(software).map(([name, version]) => `${name} ${version}`),
    ...variables.map((name) => `${name}=${process.env[name] ?? ''}`),
    ...(await listing(onnxRuntimeLibraries())),
    ...(platform() === 'linux' ? await linuxDrivers() : []),
    ...(platform() === 'win32' ? await windowsDrivers() : []),
  ];
}

function tfjsNodeGpuVersion(): string {
  try {
    const found: unknown = createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu/package.json');
    return typeof found === 'object' && found !== null && 'version' in found ? String(found.version) : '?';
  } catch {
    return 'missing';
  }
}

/** Where ONNX Runtime's own libraries lie, to which `npm run setup:cuda` adds the ones for CUDA. */
function onnxRuntimeLibraries(): string {
  try {
    const main = createRequire(import.meta.url).resolve('onnxruntime-node');
    return join(dirname(main), '..', 'bin', 'napi-v6', platform(), arch());
  } catch {
    return '';
  }
}

async function linuxDrivers(): Promise<string[]> {
  const texts = await Promise.all(linuxFiles.map((path) => readFile(path, 'utf8').catch(() => '')));
  const folders = await Promise.all(linuxFolders.map((path) => listing(path)));
  const libraries = await Promise.all(linuxLibraries.map((path) => listing(path, library)));
  return [...texts.map((text) => text.trim()), ...folders.flat(), ...libraries.flat()].filter(
    (line) => line !== '',
  );
}

/** Names in a folder with the time of their last change. */
async function listing(folder: string, wanted = /./): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => wanted.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      // The kernel's own files get a new time at every start of the machine.
      if (folder.startsWith('/sys/')) return path;
      const time = await stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      );
      return `${path} ${time}`;
    }),
  );
}

/** Versions of the graphics drivers, from the registry's class of display adapters. */
function windowsDrivers(): Promise<string[]> {
  const key = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Class\\{4d36e968-e325-11ce-bfc1-08002be10318}';
  return new Promise((resolve) => {
    execFile(
      'reg',
      ['query', key, '/s', '/v', 'DriverVersion'],
      { windowsHide: true, timeout: 5000 },
      (_, stdout) => resolve(stdout.split(/\r?\n/).filter((line) => line.includes('DriverVersion'))),
    );
  });
}
