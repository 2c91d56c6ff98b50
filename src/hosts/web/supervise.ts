import { fork, type ChildProcess } from 'node:child_process';
import { fromErrorShape, HolotypeError } from '../../contract/errors.ts';
import { builtScript } from '../../service/built-script.ts';
import { createRestarts, patience } from '../../service/restarts.ts';
import type { FromServer, ServerOptions, ToServer } from './server-messages.ts';

type Ready = Extract<FromServer, { kind: 'ready' }>;

export interface Supervised extends Omit<Ready, 'kind'> {
  /** Ends it. Resolves when it is gone. */
  stop(): Promise<void>;
  /** Rejects with a HolotypeError when it keeps ending by itself; resolves after {@link stop}. */
  readonly ended: Promise<void>;
}

/** A server that has been asked to end and doesn't is ended after this long (ms). */
const farewell = 5_000;

/**
 * Serves in a process of its own, which is started again when it crashes: under the same address and with the same
 * keys, so that open pages find it by themselves.
 *
 * @param onRestart told each time, in words for people
 * @param script what the process runs; default: `web-server.mjs` of this build
 * @throws HolotypeError when it can't be started
 */
export async function superviseServer(
  options: ServerOptions,
  onRestart: (message: string) => void,
  script?: string,
): Promise<Supervised> {
  const path = script ?? (await builtScript('web-server.mjs'));
  if (path === undefined)
    throw new HolotypeError('failed', 'This build lacks the program that serves (web-server.mjs).', {
      remedy: 'Run `npm run build`.',
    });
  const restarts = createRestarts();
  let stopping = false;
  let child: ChildProcess;
  let finish: (error?: HolotypeError) => void = () => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    finish = (error) => (error === undefined ? resolve() : reject(error));
  });
  // Who doesn't look at it hears of it from the address that answers no more.
  ended.catch(() => undefined);

  const start = async (from: ServerOptions): Promise<Ready> => {
    child = launch(path);
    const ready = await begin(child, from);
    const { port, keys } = ready;
    child.once('exit', (code, signal) => {
      if (stopping) return finish();
      const how = `The server stopped unexpectedly (${signal ?? `exit code ${code}`}).`;
      if (!restarts.stopped())
        return finish(
          new HolotypeError('failed', `${how} It has stopped ${patience.stops} times within a minute.`, {
            remedy: 'Start it again. What was saved is safe; the log says what went wrong.',
          }),
        );
      onRestart(`${how} It is being started again; what was saved is safe.`);
      // One that was asked to end before it was there is no failure.
      start({ ...from, ports: [port], keys }).catch((error: HolotypeError) =>
        finish(stopping ? undefined : error),
      );
    });
    return ready;
  };
  const { kind: _, ...ready } = await start(options);
  return {
    ...ready,
    ended,
    stop: async () => {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return finish();
      tell(child, { kind: 'quit' });
      const timer = setTimeout(() => child.kill('SIGKILL'), farewell);
      await ended.catch(() => undefined);
      clearTimeout(timer);
    },
  };
}

function launch(path: string): ChildProcess {
  return fork(path, [], {
    // Not this process's own flags: a debugger's port can't be had twice.
    execArgv: [],
    // What is printed on stdout is the address, and nothing else.
    stdio: ['ignore', process.stderr.fd, 'inherit', 'ipc'],
  });
}

/** Tells a new process what to serve. @throws HolotypeError what it says, or that it ended before it said anything */
function begin(child: ChildProcess, options: ServerOptions): Promise<Ready> {
  return new Promise((resolve, reject) => {
    const lost = (why: string): void => {
      reject(new HolotypeError('failed', `The server could not be started (${why}).`));
    };
    child.once('error', ({ message }) => lost(message));
    const early = (code: number | null, signal: string | null): void => lost(signal ?? `exit code ${code}`);
    child.once('exit', early);
    child.once('message', (message: FromServer) => {
      child.off('exit', early);
      if (message.kind === 'ready') return resolve(message);
      reject(fromErrorShape(message.error));
      child.kill();
    });
    tell(child, { kind: 'start', options });
  });
}

function tell(child: ChildProcess, message: ToServer): void {
  // One that can't be told anything has ended, which is heard.
  child.send(message, () => undefined);
}
