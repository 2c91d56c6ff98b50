import { afterEach, describe, expect, test, vi } from 'vitest';
import type { JobEvent, JobEventBody } from '../../../src/contract/job-events.ts';
import { Counter, ProgressBar } from '../../../src/hosts/cli/progress-bar.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

interface Recorder {
  isTTY: boolean;
  columns: number;
  text: string;
  write(text: string): void;
}

function screen(isTTY: boolean, columns = 100): Recorder {
  vi.stubEnv('TERM', 'xterm');
  return {
    isTTY,
    columns,
    text: '',
    write(text) {
      this.text += text;
    },
  };
}

const event = (body: JobEventBody): JobEvent => ({ ...body, jobId: 'job', seq: 1 });
const batch = (more: object = {}): JobEvent =>
  event({
    type: 'batch',
    stage: 'features',
    done: 25,
    total: 100,
    unit: 'views',
    rate: 12.6,
    eta: 65,
    ...more,
  });

/** What stands in the last line once everything was written. */
const shown = ({ text }: Recorder): string => text.replaceAll('\r\u001b[2K', '\n').split('\n').at(-1) ?? '';

describe('on a terminal', () => {
  test('the bar says how far, how fast and how long', () => {
    const one = screen(true);
    new ProgressBar(one).show(batch());
    expect(shown(one)).toBe(`  ${'█'.repeat(7)}${'░'.repeat(21)}  25%  25/100 views, 13/s, 1 min 5 s to go`);
  });

  test('it is never longer than the line', () => {
    const one = screen(true, 40);
    new ProgressBar(one).show(batch());
    expect(shown(one)).toHaveLength(39);
  });

  test('bytes are said in people’s units; what isn’t known is left out', () => {
    const one = screen(true);
    const bar = new ProgressBar(one);
    bar.show(
      batch({ stage: 'backbone', unit: 'bytes', done: 2_500_000, total: 10_000_000, rate: 1e6, eta: 7.5 }),
    );
    expect(shown(one)).toContain('2.5 MB of 10 MB, 1.0 MB/s, 7.5 s to go');
    bar.show(batch({ done: 7, total: undefined, rate: null, eta: null }));
    expect(shown(one)).toBe(`  ${'░'.repeat(28)}  7 views`);
  });

  test('while the head is trained it tells of the last epoch', () => {
    const one = screen(true, 200);
    const bar = new ProgressBar(one);
    const [losses, rest] = [
      { trainLoss: 0.1234, valLoss: 0.2 },
      { trainAccuracy: 0.9, learningRate: 0.1, epochs: 9 },
    ];
    bar.show(event({ type: 'stage', stage: 'head', message: 'Training' }));
    bar.show(event({ type: 'epoch', epoch: 3, valAccuracy: 0.875, ...losses, ...rest }));
    bar.show(batch({ stage: 'head' }));
    expect(shown(one)).toMatch(/ 25% {2}epoch 3\/9, loss 0\.123, validation 87\.5%, 1 min 5 s to go$/);
    bar.show(event({ type: 'epoch', epoch: 4, ...rest, trainLoss: null, valLoss: null, valAccuracy: null }));
    bar.show(batch({ stage: 'head' }));
    expect(shown(one)).toMatch(/ 25% {2}epoch 4\/9, loss \?, 1 min 5 s to go$/);
    bar.show(event({ type: 'stage', stage: 'export', message: 'Writing' }));
    bar.show(batch({ stage: 'export' }));
    expect(shown(one)).not.toContain('epoch');
  });

  test('lines of text take its place, and the end takes it away', () => {
    const one = screen(true);
    const bar = new ProgressBar(one);
    bar.show(batch());
    bar.show(event({ type: 'warning', message: 'three photos are blurred' }));
    expect(one.text.endsWith('\r\x1b[2KNote: three photos are blurred\n')).toBe(true);
    bar.show(batch());
    bar.show(event({ type: 'done', model: 'm' }));
    expect(shown(one)).toBe('');
    const before = one.text;
    bar.clear();
    expect(one.text).toBe(before);
  });

  test('a count comes and goes', () => {
    const one = screen(true);
    const counter = new Counter('photos', one);
    counter.show(1, 3);
    counter.show(2, 3); // too soon after the first
    expect(shown(one)).toBe('  1/3 photos');
    counter.show(3, 3);
    expect(shown(one)).toBe('  3/3 photos');
    counter.clear();
    expect(shown(one)).toBe('');
    const bytes = new Counter('bytes', one);
    bytes.show(1500);
    expect(shown(one)).toBe('  1.5 kB');
  });
});

describe('elsewhere', () => {
  test.each([
    ['a file', false, 'xterm'],
    ['a terminal that can’t draw', true, 'dumb'],
  ])('%s: a line per stage, and no control characters', (_, isTTY, term) => {
    const one = screen(isTTY);
    vi.stubEnv('TERM', term);
    const bar = new ProgressBar(one);
    bar.show(event({ type: 'started' }));
    bar.show(event({ type: 'stage', stage: 'scan', message: 'Looking' }));
    bar.show(batch());
    bar.show(event({ type: 'checkpoint', step: 5 }));
    bar.show(event({ type: 'warning', message: 'careful' }));
    bar.show(event({ type: 'done', model: 'm' }));
    new Counter('photos', one).show(1, 1);
    expect(one.text).toBe('Looking\nNote: careful\n');
  });
});

test('advice that comes and goes with the heads that are tried is given once', () => {
  const recorder = screen(false);
  const bar = new ProgressBar(recorder);
  const told = (code: 'overfitting' | 'underfitting', message: string): JobEvent =>
    event({
      type: 'advice',
      advice: [{ code, message, action: 'Do this.', severity: 'note', evidence: 'Seen.' }],
    });
  bar.show(told('overfitting', 'It learns by heart (epoch 11).'));
  bar.show(event({ type: 'advice', advice: [] }));
  bar.show(told('overfitting', 'It learns by heart (epoch 15).'));
  bar.show(told('underfitting', 'It learns too little.'));
  expect(recorder.text.match(/by heart/g)).toHaveLength(1);
  expect(recorder.text).toContain('Note: It learns too little. Do this.');
});
