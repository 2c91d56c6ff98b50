import { fork } from 'node:child_process';
import { HolotypeError } from '../contract/errors.ts';
import type { ProbeEnd, ProbeOutcome, ProbeRunner } from '../engine/devices/list-devices.ts';
import { builtScript } from './built-script.ts';

/** Characters of a child's stderr that are kept. */
const logLength = 8000;

/** A process that tries one device and ends. */
export interface ProbeChild {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /**
   * Called once, when it has ended and all it said has been heard.
   *
   * @param listener.how it ended: "SIGSEGV", "exit code 3"
   * @param listener.log the end of what it wrote to stderr
   */
  onEnd(listener: (how: string, log: string) => void): void;
  /** Called instead when there never was one. */
  onError(listener: (message: string) => void): void;
  /** Ends it at once. */
  kill(): void;
}

let start: (() => ProbeChild) | undefined;

/** From now on, processes that try devices are started like this: for a host in which Node can't start any itself. */
export function startProbesWith(launch: () => ProbeChild): void {
  start = launch;
}

/**
 * Runs probes in child processes, which end with the answer, the time limit or the cancellation.
 *
 * @param script what the child runs; default: `device-probe.mjs` of this build
 */
export function probeRunner(script?: string): ProbeRunner {
  return async (request, { seconds, signal }) => {
    const launch = script === undefined ? (start ?? (await forkProbe())) : await forkProbe(script);
    if (signal?.aborted) throw cancelled();
    return new Promise<ProbeOutcome>((resolve, reject) => {
      const child = launch();
      const messages: unknown[] = [];
      let end: ProbeEnd | undefined;
      const stop = (why: ProbeEnd): void => {
        end ??= why;
        child.kill(); // a driver that hangs hears nothing gentler, and one that is done may crash in leaving
      };
      const timer = setTimeout(() => stop({ kind: 'timed-out', seconds }), seconds * 1000);
      const abort = (): void => stop({ kind: 'crashed', how: 'cancelled' });
      signal?.addEventListener('abort', abort, { once: true });
      child.onMessage((message) => {
        messages.push(message);
        if (isLast(message)) stop({ kind: 'answered' });
      });
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        finish();
      };
      child.onError((message) =>
        settle(() =>
          reject(new HolotypeError('failed', `No process can be started to try devices in: ${message}.`)),
        ),
      );
      child.onEnd((how, log) =>
        settle(() => {
          if (signal?.aborted === true) reject(cancelled());
          else resolve({ messages, log: log.slice(-logLength), end: end ?? { kind: 'crashed', how } });
        }),
      );
      child.post(request);
    });
  };
}

/** Starts the child as one of Node's own. */
async function forkProbe(script?: string): Promise<() => ProbeChild> {
  const path = script ?? (await probeScript());
  return () => {
    const child = fork(path, [], {
      // Not this process's own flags: a debugger's port can't be had twice.
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    });
    let log = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-logLength);
    });
    return {
      // One that can't be sent to has ended, which is heard by its end.
      post: (message) => {
        if (typeof message === 'object' && message !== null) child.send(message, () => undefined);
      },
      onMessage: (listener) => child.on('message', listener),
      // 'close' comes when stderr has been read to its end.
      onEnd: (listener) =>
        child.once('close', (code, killedBy) => listener(killedBy ?? `exit code ${code ?? 'unknown'}`, log)),
      onError: (listener) => child.once('error', ({ message }) => listener(message)),
      kill: () => child.kill('SIGKILL'),
    };
  };
}

const isLast = (message: unknown): boolean =>
  typeof message === 'object' &&
  message !== null &&
  'type' in message &&
  ['done', 'unavailable', 'failed'].some((last) => message.type === last);

const cancelled = (): HolotypeError => new HolotypeError('cancelled', 'Cancelled while looking for devices.');

async function probeScript(): Promise<string> {
  const path = await builtScript('device-probe.mjs');
  if (path !== undefined) return path;
  throw new HolotypeError('failed', 'This build lacks the program that tries devices (device-probe.mjs).', {
    remedy: 'Run `npm run build`, or use --device cpu.',
  });
}
