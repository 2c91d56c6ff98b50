import type { DeviceInfo, DeviceList, DeviceSpeed } from '../../contract/devices.ts';

const words: Record<DeviceInfo['state'], string> = {
  ready: 'ready',
  absent: 'not here',
  wrong: 'computes wrongly',
  failed: 'fails',
  crashed: 'crashes',
  hung: 'hangs',
};

/** A paragraph a device: what it is, whether it can be used, why not, how to get it, how fast it is. */
export function drawDevices({ devices, auto }: DeviceList): string {
  const width = Math.max(...devices.map(({ id }) => id.length));
  const indent = ' '.repeat(width + 4);
  const paragraphs = devices.map((info) => {
    const { id, name, state, reason, remedy, speeds, selfTests } = info;
    const lines = [`${id === auto ? '* ' : '  '}${id.padEnd(width)}  ${name}: ${words[state]}`];
    if (reason !== undefined) lines.push(indent + reason);
    if (state !== 'ready' && remedy !== undefined) lines.push(indent + remedy);
    if (state === 'ready' && selfTests.length > 0) {
      const largest = Math.max(...selfTests.map(({ difference }) => difference ?? Infinity));
      const allowed = Math.max(...selfTests.map(({ tolerance }) => tolerance));
      lines.push(
        `${indent}Self-test passed: differs from the right answers by ${largest.toExponential(1)} at most (allowed: ${allowed}).`,
      );
    }
    for (const speed of speeds) lines.push(indent + sentence(speed));
    return lines.join('\n');
  });
  const last =
    auto === undefined
      ? 'Run with --bench to see which is fastest; --device auto finds out by itself.'
      : `* is what --device auto takes.`;
  return [...paragraphs, '', last].join('\n');
}

function sentence({ workload, batch, millisecondsPerStep, imagesPerSecond }: DeviceSpeed): string {
  const what = workload === 'inference' ? 'Inference' : 'Full training step';
  const ms = millisecondsPerStep < 100 ? millisecondsPerStep.toFixed(1) : millisecondsPerStep.toFixed(0);
  return `${what} of MobileNetV2's shape, ${batch} photos: ${ms} ms, ${imagesPerSecond.toFixed(1)} photos a second.`;
}
