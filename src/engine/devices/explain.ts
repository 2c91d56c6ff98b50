/** What ONNX Runtime, TensorFlow and drivers say, in words that a person can act on. */
import type { DeviceId } from '../../contract/devices.ts';

export interface Explanation {
  readonly reason: string;
  readonly remedy?: string;
}

interface Pattern {
  readonly devices: readonly DeviceId[];
  readonly text: RegExp;
  readonly explain: (platform: NodeJS.Platform) => Explanation;
}

const setup = 'Run `npm run setup:cuda`; it says what is missing.';

/** The first that fits wins: what is missing most comes first. */
const patterns: readonly Pattern[] = [
  {
    devices: ['webgpu'],
    text: /libvulkan\.so/i,
    explain: () => ({
      reason:
        'The Vulkan loader (libvulkan.so.1), through which Linux programs reach graphics cards, is missing.',
      remedy:
        "Install it with the graphics card's driver; on Debian and Ubuntu: apt install libvulkan1 mesa-vulkan-drivers.",
    }),
  },
  {
    devices: ['webgpu'],
    text: /found no drivers|INCOMPATIBLE_DRIVER|failed to get a webgpu adapter|no supported adapters/i,
    explain: (platform) => ({
      reason: 'No graphics card was found whose driver WebGPU can use.',
      remedy:
        platform === 'linux'
          ? "If there is one, install its Vulkan driver: NVIDIA's own, or mesa-vulkan-drivers for others."
          : "If there is one, install its maker's current driver.",
    }),
  },
  {
    devices: ['cuda'],
    text: /libcudnn/i,
    explain: () => ({ reason: 'cuDNN 9 for CUDA 12 is missing (libcudnn.so.9).', remedy: setup }),
  },
  {
    devices: ['cuda'],
    text: /lib(cublas|cublasLt|cudart|curand|cufft|nvrtc)\.so/i,
    explain: () => ({
      reason: 'The libraries of CUDA 12 are missing, or are of another version.',
      remedy: setup,
    }),
  },
  {
    devices: ['cuda'],
    text: /libonnxruntime_providers_(shared|cuda)\.so[^]*(cannot open shared object|no such file)|failed to load shared library/i,
    explain: () => ({
      reason:
        "ONNX Runtime's part for CUDA is not installed: it is too large for npm and is fetched separately.",
      remedy: 'On a machine with an NVIDIA card run `npm run setup:cuda`.',
    }),
  },
  {
    devices: ['cuda', 'cuda-tfjs'],
    text: /no CUDA-capable device|cudaErrorNoDevice|CUDA failure 100\b|CUDA_ERROR_NO_DEVICE/i,
    explain: () => ({ reason: 'No NVIDIA card was found.', remedy: 'Check that `nvidia-smi` lists one.' }),
  },
  {
    devices: ['cuda', 'cuda-tfjs'],
    text: /driver version is insufficient|CUDA failure 35\b|cudaErrorInsufficientDriver/i,
    explain: () => ({ reason: "The NVIDIA card's driver is too old for this CUDA.", remedy: setup }),
  },
  {
    devices: ['dml', 'webgpu', 'cuda', 'coreml'],
    text: /out of memory|OUT_OF_DEVICE_MEMORY|E_OUTOFMEMORY/i,
    explain: () => ({
      reason: 'Its memory does not suffice even for a small network.',
      remedy: 'Close other programs that use the graphics card, and try again.',
    }),
  },
  {
    devices: ['dml', 'coreml', 'webgpu', 'cuda'],
    text: /backend not found|ONNX Runtime has no "/i,
    explain: (platform) => ({
      reason: `The installed ONNX Runtime was made without it (${platform}).`,
      remedy: 'Reinstall Holotype with "npm ci"; if that changes nothing, this system has no such build.',
    }),
  },
];

/**
 * @param message of the error
 * @param log what the native libraries wrote meanwhile: they name a missing file there more often than in the error
 */
export function explain(
  device: DeviceId,
  message: string,
  log = '',
  platform: NodeJS.Platform = process.platform,
): Explanation {
  for (const pattern of patterns)
    if (pattern.devices.includes(device) && (pattern.text.test(message) || pattern.text.test(log)))
      return pattern.explain(platform);
  return { reason: oneLine(message) };
}

/** Without C++ locations and line breaks; at most as long as a person reads. */
export function oneLine(message: string): string {
  const text = message.replaceAll(/\s+/g, ' ').trim();
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}
