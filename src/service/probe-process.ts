import { fork } from 'node:child_process';
import { HolotypeError } from '../contract/errors.ts';
import type { ProbeEnd, ProbeOutcome, ProbeRunner } from '../engine/devices/list-devices.ts';
import { builtScript } from './built-script.ts';

/** Characters of a child's stderr that are kept. */
const logLength = 8000;

/**
 * Runs probes in child processes, which end with the answer, the time limit or the cancellation.
 *
 * @param script what the child runs; default: `device-probe.mjs` of this build
 */
export function probeRunner(script?: string): ProbeRunner {
  return async (request, { seconds, signal }) => {
    const path = script ?? (await probeScript());
    if (signal?.aborted) throw cancelled();
    return new Promise<ProbeOutcome>((resolve, reject) => {
      const child = fork(path, [], {
        // Not this process's own flags: a debugger's port can't be had twice.
        execArgv: [],
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      });
      const messages: unknown[] = [];
      let log = '';
      let end: ProbeEnd | undefined;
      const stop = (why: ProbeEnd): void => {
        end ??= why;
        child.kill('SIGKILL'); // a driver that hangs hears nothing gentler, and one that is done may crash in leaving
      };
      const timer = setTimeout(() => stop({ kind: 'timed-out', seconds }), seconds * 1000);
      const abort = (): void => stop({ kind: 'crashed', how: 'cancelled' });
      signal?.addEventListener('abort', abort, { once: true });
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        log = (log + text).slice(-logLength);
      });
      child.on('message', (message: unknown) => {
        messages.push(message);
        if (isLast(message)) stop({ kind: 'answered' });
      });
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        finish();
      };
      child.once('error', (cause) =>
        settle(() =>
          reject(
            new HolotypeError('failed', `No process can be started to try devices in: ${cause.message}.`, {
              cause,
            }),
          ),
        ),
      );
      // 'close' comes when stderr has been read to its end.
      child.once('close', (code, killedBy) =>
        settle(() => {
          if (signal?.aborted === true) reject(cancelled());
          else
            resolve({
              messages,
              log,
              end: end ?? { kind: 'crashed', how: killedBy ?? `exit code ${code ?? 'unknown'}` },
            });
        }),
      );
      child.send(request, () => undefined); // one that can't be sent to has ended, which is heard above
    });
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
