import type { JobEvent } from '../../contract/job-events.ts';
import { bytes, duration, log, percent } from './output.ts';

const width = 28;

/** Shows a job's events on stderr: a bar that redraws itself on a terminal, a line per stage elsewhere. */
export class ProgressBar {
  readonly #live: boolean;
  #drawn = false;
  #stage = '';
  #epoch = '';

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#live = stream.isTTY && process.env['TERM'] !== 'dumb';
  }

  show(event: JobEvent): void {
    switch (event.type) {
      case 'stage':
        this.clear();
        this.#stage = event.stage;
        this.#epoch = '';
        log(event.message);
        break;
      case 'warning':
        this.clear();
        log(`Note: ${event.message}`);
        break;
      case 'epoch':
        this.#epoch = `epoch ${event.epoch}/${event.epochs}, loss ${(event.trainLoss ?? Number.NaN).toFixed(3)}${
          event.valAccuracy === null ? '' : `, validation ${percent(event.valAccuracy)}`
        }`;
        break;
      case 'batch':
        if (this.#live) this.#draw(event);
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

  #draw({ done, total, rate, eta, unit }: Extract<JobEvent, { type: 'batch' }>): void {
    const part = total === undefined || total === 0 ? 0 : Math.min(1, done / total);
    const filled = Math.round(part * width);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
    const amount =
      unit === 'bytes' ? bytes(done) : `${done}${total === undefined ? '' : `/${total}`} ${unit}`;
    const speed = rate === null ? '' : `, ${unit === 'bytes' ? bytes(rate) : rate.toFixed(0)}/s`;
    const left = eta === null || eta < 0.5 ? '' : `, ${duration(eta)} to go`;
    const epoch = this.#epoch === '' || this.#stage !== 'head' ? '' : `  ${this.#epoch}`;
    const line = `  ${bar} ${(part * 100).toFixed(0).padStart(3)}%  ${amount}${speed}${left}${epoch}`;
    const columns = process.stderr.columns ?? 100;
    process.stderr.write(`\r\x1b[2K${line.slice(0, columns - 1)}`);
    this.#drawn = true;
  }

  /** Takes the bar off the screen. */
  clear(): void {
    if (this.#drawn) process.stderr.write('\r\x1b[2K');
    this.#drawn = false;
  }
}

/** A bare count for work that is no job: `shown` on a terminal only. */
export class Counter {
  readonly #unit: string;
  readonly #live = process.stderr.isTTY && process.env['TERM'] !== 'dumb';
  #last = 0;

  constructor(unit: string) {
    this.#unit = unit;
  }

  readonly show = (done: number, total: number): void => {
    const now = performance.now();
    if (!this.#live || (now - this.#last < 100 && done !== total)) return;
    this.#last = now;
    const amount =
      this.#unit === 'bytes' ? `${bytes(done)} of ${bytes(total)}` : `${done}/${total} ${this.#unit}`;
    process.stderr.write(`\r\x1b[2K  ${amount}`);
  };

  readonly clear = (): void => {
    if (this.#live && this.#last > 0) process.stderr.write('\r\x1b[2K');
  };
}
