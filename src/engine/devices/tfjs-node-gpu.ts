import { HolotypeError } from '../../contract/errors.ts';

/** The optional package that runs TensorFlow.js on CUDA through TensorFlow's own library (Linux and Windows). */
export const tfjsNodeGpu = '@tensorflow/tfjs-node-gpu';

/**
 * Loads `@tensorflow/tfjs-node-gpu` where a person has installed it; it registers the TensorFlow.js backend
 * `tensorflow`.
 *
 * @param load stands in for the import in tests
 * @returns the name of the backend it registered
 * @throws HolotypeError('not-supported') that says what is missing and how to get it
 */
export async function loadTfjsNodeGpu(
  load: () => Promise<unknown> = () => import(/* @vite-ignore */ '@tensorflow/tfjs-node-gpu'),
): Promise<'tensorflow'> {
  try {
    await load();
    return 'tensorflow';
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const absent = /cannot find (package|module)/i.test(reason) && reason.includes(tfjsNodeGpu);
    throw new HolotypeError(
      'not-supported',
      absent
        ? `Training on CUDA needs the package ${tfjsNodeGpu}, which is not installed.`
        : `${tfjsNodeGpu} is installed but can't be loaded: ${reason}`,
      {
        remedy: absent
          ? 'Run `npm run setup:cuda` on a machine with an NVIDIA card and the internet, or train with --device cpu.'
          : 'It needs an NVIDIA driver, CUDA 11.8 and cuDNN 8.6 where the system finds them; `npm run setup:cuda` checks. Or train with --device cpu.',
        cause,
      },
    );
  }
}
