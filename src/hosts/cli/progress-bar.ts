import type { JobEvent } from '../../contract/job-events.ts';
import { bytes, duration, percent } from './output.ts';

const width = 28;
/** Moves to the start of the line and empties it. */
const fresh = '\r\x1b[2K';
/** Counts are shown no more often than this (ms). */
const throttle = 100;

/** What progress is shown on: stderr, or a test's. */
export interface Screen {
  readonly isTTY?: boolean | undefined;
  /** Characters a line. */
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Whether lines can be drawn over again. */
function isLive(screen: Screen): boolean {
  return screen.isTTY === true && process.env['TERM'] !== 'dumb';
}

/** Shows a job's events: a bar that redraws itself on a terminal, a line per stage elsewhere. */
export class ProgressBar {
  readonly #screen: Screen;
  #drawn = false;
  #stage = '';
  #epoch = '';
  /** Codes of advice: what curves say may come and go with every head that is tried. */
  readonly #advised = new Set<string>();

  constructor(screen: Screen = process.stderr) {
    this.#screen = screen;
  }

  show(event: JobEvent): void {
    switch (event.type) {
      case 'stage':
        this.#stage = event.stage;
        this.#epoch = '';
        this.#say(event.message);
        break;
      case 'warning':
        this.#say(`Note: ${event.message}`);
        break;
      case 'epoch':
        this.#epoch = `epoch ${event.epoch}/${event.epochs}, loss ${event.trainLoss?.toFixed(3) ?? '?'}${
          event.valAccuracy === null ? '' : `, validation ${percent(event.valAccuracy)}`
        }`;
        break;
      case 'advice':
        for (const { code, message, action } of event.advice)
          if (!this.#advised.has(code)) this.#say(`Note: ${message} ${action}`);
        for (const { code } of event.advice) this.#advised.add(code);
        break;
      case 'batch':
        if (isLive(this.#screen)) this.#draw(event);
        break;
      case 'done':
      case 'failed':
      case 'cancelled':
        this.clear();
        break;
      default:
        break;
    }
  }

  #say(line: string): void {
    this.clear();
    this.#screen.write(`${line}\n`);
  }

  #draw({ done, total, rate, eta, unit }: Extract<JobEvent, { type: 'batch' }>): void {
    const part = total === undefined || total === 0 ? 0 : Math.min(1, done / total);
    const filled = Math.round(part * width);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
    const amount = unit === 'bytes' ? ofBytes(done, total) : `${ofCount(done, total)} ${unit}`;
    const speed = rate === null ? '' : `, ${unit === 'bytes' ? bytes(rate) : rate.toFixed(0)}/s`;
    const left = eta === null || eta < 0.5 ? '' : `, ${duration(eta)} to go`;
    const epochs = this.#epoch !== '' && this.#stage === 'head';
    const share = total === undefined ? '' : ` ${(part * 100).toFixed(0).padStart(3)}%`;
    const line = `  ${bar}${share}  ${epochs ? this.#epoch : `${amount}${speed}`}${left}`;
    const columns = this.#screen.columns ?? 100;
    this.#screen.write(`${fresh}${line.slice(0, columns - 1)}`);
    this.#drawn = true;
  }

  /** Takes the bar off the screen. */
  clear(): void {
    if (this.#drawn) this.#screen.write(fresh);
    this.#drawn = false;
  }
}

/** A bare count for work that is no job, on a terminal only. */
export class Counter {
  readonly #unit: string;
  readonly #screen: Screen;
  #last = Number.NEGATIVE_INFINITY;
  #drawn = false;

  constructor(unit: string, screen: Screen = process.stderr) {
    this.#unit = unit;
    this.#screen = screen;
  }

  readonly show = (done: number, total?: number): void => {
    const now = performance.now();
    if (!isLive(this.#screen) || (now - this.#last < throttle && done !== total)) return;
    this.#last = now;
    const amount = this.#unit === 'bytes' ? ofBytes(done, total) : `${ofCount(done, total)} ${this.#unit}`;
    this.#screen.write(`${fresh}  ${amount}`);
    this.#drawn = true;
  };

  readonly clear = (): void => {
    if (this.#drawn) this.#screen.write(fresh);
    this.#drawn = false;
  };
}

function ofBytes(done: number, total: number | undefined): string {
  return total === undefined ? bytes(done) : `${bytes(done)} of ${bytes(total)}`;
}

function ofCount(done: number, total: number | undefined): string {
  return total === undefined ? String(done) : `${done}/${total}`;
}
