import { randomBytes } from 'node:crypto';
import type { Download } from '../../contract/app.ts';
import type { ErrorShape } from '../../contract/errors.ts';
import type { JobEvent, JobEventBody, Stage } from '../../contract/job-events.ts';
import type { JobKind, JobProgress, JobState, JobSummary } from '../../contract/jobs.ts';
import type { Emitter } from '../emitter.ts';
import { RateMeter, type Pace } from '../rate-meter.ts';
import type { JobOutcome, ToldProgress } from './jobs.ts';

/** `job.changed` and a stage's progress events come no more often than this for one job (ms). */
const throttle = 100;

export type EndState = Extract<JobState, 'done' | 'failed' | 'cancelled' | 'interrupted'>;

/** What a job is from the beginning. */
export interface JobBirth {
  readonly id?: string;
  readonly kind: JobKind;
  readonly project?: string | undefined;
  readonly run?: string | undefined;
  readonly model?: string | undefined;
  readonly title: string;
  readonly createdAt?: string;
  readonly state: 'queued' | 'running' | 'interrupted';
  /** See {@link HeavyJob}. */
  readonly canPause?: boolean | readonly Stage[];
  readonly canStop?: boolean | readonly Stage[];
}

/** One job as windows know it, and what it has told. */
export class JobRecord {
  readonly #emitter: Emitter;
  readonly #birth: JobBirth;
  readonly #ended: Promise<JobSummary>;
  #summary: JobSummary;
  #events: JobEvent[] = [];
  #resolveEnded: (summary: JobSummary) => void = () => undefined;
  #meter = new RateMeter();
  #telling = false;
  #ending = false;
  #lastTold = -Infinity;
  #lastBatch = -Infinity;
  #download: Download | undefined;

  constructor(emitter: Emitter, birth: JobBirth) {
    this.#emitter = emitter;
    this.#birth = birth;
    this.#ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    const now = new Date().toISOString();
    this.#summary = {
      id: birth.id ?? `job-${randomBytes(9).toString('hex')}`,
      kind: birth.kind,
      project: birth.project ?? null,
      title: birth.title,
      state: birth.state,
      createdAt: birth.createdAt ?? now,
      startedAt: birth.state === 'running' ? now : null,
      endedAt: null,
      progress: null,
      run: birth.run ?? null,
      ...(birth.model === undefined ? {} : { model: birth.model }),
      error: null,
      canPause: false,
      canStop: false,
      canResume: birth.state === 'interrupted',
      seq: 0,
    };
    if (birth.state === 'interrupted') this.#resolveEnded(this.#summary);
    this.#tell();
  }

  get id(): string {
    return this.#summary.id;
  }

  get summary(): JobSummary {
    return this.#summary;
  }

  /** Whether nothing more will happen. */
  get isOver(): boolean {
    return !['queued', 'running', 'paused'].includes(this.#summary.state);
  }

  get ended(): Promise<JobSummary> {
    return this.#ended;
  }

  get download(): Download | undefined {
    return this.#download;
  }

  /** What it told after the event of that number. */
  eventsAfter(seq: number): JobEvent[] {
    return this.#events.filter((event) => event.seq > seq);
  }

  start(): void {
    this.#change({ state: 'running', startedAt: new Date().toISOString() });
    this.#changeAbilities(null);
  }

  pause(): void {
    if (this.#summary.state === 'running') this.#change({ state: 'paused' });
  }

  continue(): void {
    if (this.#summary.state === 'paused') this.#change({ state: 'running' });
  }

  /** Where nobody says how fast it is, that is measured. */
  progress(told: ToldProgress): void {
    if (this.isOver) return;
    const { stage = null, total = null, message, done, unit } = told;
    const before = this.#summary.progress;
    if (before?.message !== message || before.unit !== unit) this.#meter = new RateMeter();
    const { rate, eta } = { ...this.#meter.at(done, total), ...withoutUndefined(told) };
    this.#change({ progress: { stage, message, done, total, unit, rate, eta } });
  }

  /** It has been told to end: that is shown, and nothing else can be asked of it. */
  ending(message: string): void {
    if (this.isOver) return;
    this.#ending = true;
    this.#change({
      progress: { ...(this.#summary.progress ?? nothingYet), message },
      canPause: false,
      canStop: false,
    });
  }

  /** Numbers an event, keeps it for windows that come later and tells those that are there. */
  event(body: JobEventBody): void {
    if (this.isOver) return;
    if (body.type === 'batch') {
      const now = performance.now();
      if (now - this.#lastBatch < throttle && body.done !== body.total) return;
      this.#lastBatch = now;
    }
    const seq = this.#summary.seq + 1;
    const event: JobEvent = { ...body, jobId: this.id, seq };
    // Who comes later wants to know what happened, and how far it is now.
    if (body.type === 'batch') this.#events = this.#events.filter(({ type }) => type !== 'batch');
    this.#events.push(event);
    const progress = progressAfter(this.#summary.progress, body);
    this.#change({ seq, ...(progress === undefined ? {} : { progress }) });
    if (body.type === 'stage') this.#changeAbilities(body.stage);
    this.#emitter.emit('job.event', { event });
  }

  /** @param outcome.canResume whether it can be gone on with */
  end(state: EndState, outcome: JobOutcome & { error?: ErrorShape; canResume?: boolean } = {}): void {
    if (this.isOver) return;
    this.#download = outcome.download;
    this.#change({
      state,
      endedAt: new Date().toISOString(),
      error: outcome.error ?? null,
      canPause: false,
      canStop: false,
      canResume: outcome.canResume ?? false,
    });
    this.#resolveEnded(this.#summary);
  }

  /** Another job goes on with this one. */
  takenOver(): void {
    this.#change({ canResume: false });
  }

  #changeAbilities(stage: Stage | null): void {
    if (this.#ending) return;
    const { canPause = false, canStop = false } = this.#birth;
    const now = (when: boolean | readonly Stage[]): boolean =>
      typeof when === 'boolean' ? when : stage !== null && when.includes(stage);
    this.#change({ canPause: now(canPause), canStop: now(canStop) });
  }

  #change(patch: Partial<JobSummary>): void {
    this.#summary = { ...this.#summary, ...patch };
    this.#tell();
  }

  /** At once when the last time was long enough ago, else as soon as that is so. */
  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    const tell = (): void => {
      this.#telling = false;
      this.#lastTold = performance.now();
      this.#emitter.emit('job.changed', { job: this.#summary });
    };
    const wait = this.#lastTold + throttle - performance.now();
    // A microtask later even at once, so that what is changed together is told together.
    if (wait <= 0) queueMicrotask(tell);
    else setTimeout(tell, wait);
  }
}

function withoutUndefined({ rate, eta }: ToldProgress): Partial<Pace> {
  return { ...(rate === undefined ? {} : { rate }), ...(eta === undefined ? {} : { eta }) };
}

const nothingYet: JobProgress = {
  stage: null,
  message: '',
  done: 0,
  total: null,
  unit: '',
  rate: null,
  eta: null,
};

/** How far a job is once it has told this; undefined: as before. */
function progressAfter(before: JobProgress | null, body: JobEventBody): JobProgress | undefined {
  switch (body.type) {
    case 'stage':
      return { ...nothingYet, stage: body.stage, message: body.message };
    case 'batch': {
      const { stage, done, total = null, unit, rate, eta } = body;
      return { stage, message: before?.message ?? '', done, total, unit, rate, eta };
    }
    default:
      return undefined;
  }
}
