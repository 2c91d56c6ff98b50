import type { DeviceId } from '../../contract/devices.ts';

/** Something that may be able to train, before anyone has looked whether it can. */
export interface Candidate {
  readonly id: DeviceId;
  /** In plain words. */
  readonly name: string;
  readonly runtime: 'onnxruntime' | 'tfjs-node-gpu';
  /** Where it can exist at all. */
  readonly runsOn: (platform: NodeJS.Platform, arch: string) => boolean;
  /** Said where it can't. */
  readonly elsewhere: string;
  /** What to use instead there. */
  readonly instead: string;
}

/** In the order they are listed and, where nobody has timed them, preferred last to first. */
export const candidates: readonly Candidate[] = [
  {
    id: 'cpu',
    name: 'Processor',
    runtime: 'onnxruntime',
    runsOn: (platform, arch) => !(platform === 'darwin' && arch === 'x64'),
    elsewhere: 'ONNX Runtime 1.30 is not made for Macs with Intel processors.',
    instead: 'Use a Mac with an Apple processor, or Windows or Linux.',
  },
  {
    id: 'webgpu',
    name: 'Graphics card (WebGPU)',
    runtime: 'onnxruntime',
    runsOn: (platform, arch) => !(platform === 'darwin' && arch === 'x64'),
    elsewhere: 'ONNX Runtime 1.30 is not made for Macs with Intel processors.',
    instead: 'Use a Mac with an Apple processor, or Windows or Linux.',
  },
  {
    id: 'dml',
    name: 'Graphics card (DirectML)',
    runtime: 'onnxruntime',
    runsOn: (platform) => platform === 'win32',
    elsewhere: 'DirectML is a part of Windows.',
    instead: 'WebGPU reaches the same graphics cards here.',
  },
  {
    id: 'coreml',
    name: 'Apple graphics (Core ML)',
    runtime: 'onnxruntime',
    runsOn: (platform, arch) => platform === 'darwin' && arch === 'arm64',
    elsewhere: 'Core ML is a part of macOS on Apple processors.',
    instead: 'WebGPU reaches the graphics card here.',
  },
  {
    id: 'cuda',
    name: 'NVIDIA card (CUDA, ONNX Runtime)',
    runtime: 'onnxruntime',
    runsOn: (platform, arch) => platform === 'linux' && arch === 'x64',
    elsewhere:
      "ONNX Runtime's package for Node.js has CUDA on Linux with 64-bit Intel or AMD processors only.",
    instead: 'WebGPU reaches NVIDIA cards here, and DirectML does on Windows.',
  },
  {
    id: 'cuda-tfjs',
    name: 'NVIDIA card (CUDA, TensorFlow)',
    runtime: 'tfjs-node-gpu',
    runsOn: (platform, arch) => (platform === 'linux' || platform === 'win32') && arch === 'x64',
    elsewhere: 'TensorFlow for CUDA exists on 64-bit Linux and Windows (Intel or AMD processors) only.',
    instead: 'WebGPU reaches the graphics card here.',
  },
];

/** The candidate of that id. */
export function candidateOf(id: DeviceId): Candidate {
  const candidate = candidates.find((one) => one.id === id);
  if (candidate === undefined) throw new Error(`No candidate has the id "${id}".`);
  return candidate;
}
