/** A full training step of MobileNetV2 in a process of its own, for what it needs of memory. */
import { startTfOnOnnxRuntime } from '../../../src/engine/train/tf.ts';
import { mobileNetV2 } from './networks.ts';
import { createStep } from './training.ts';

/** Runs three steps of 16 photos. @returns the most memory the process ever had, in bytes */
export async function peakOfSteps(): Promise<number> {
  await startTfOnOnnxRuntime();
  const step = createStep(mobileNetV2(), { batch: 16, trainFrom: 0 });
  for (let i = 0; i < 3; i++) {
    const { loss } = step.run();
    if (!Number.isFinite(loss)) throw new Error(`Step ${i + 1} has the loss ${loss}.`);
  }
  return process.resourceUsage().maxRSS * 1024;
}
