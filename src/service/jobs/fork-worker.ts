import { fork, type ChildProcess } from 'node:child_process';
import { builtScript } from '../built-script.ts';
import type { WorkerLauncher, WorkerLink } from './worker-link.ts';

/** The worker's program in a build. */
export const workerScript = 'job-worker.mjs';

/**
 * Starts workers as child processes of Node.
 *
 * @param script what they run; default: `job-worker.mjs` of this build
 */
export function forkWorkers(script?: string): WorkerLauncher {
  return (): WorkerLink => {
    let child: ChildProcess | undefined;
    let killed = false;
    let over = false;
    const waiting: unknown[] = [];
    let hear: (message: unknown) => void = () => undefined;
    let leave: Parameters<WorkerLink['onExit']>[0] = () => undefined;
    const exit: typeof leave = (code, why) => {
      if (over) return;
      over = true;
      leave(code, why);
    };
    const post = (message: unknown): void => {
      // One that can't be sent to has ended, which is heard by its exit.
      if (typeof message === 'object' && message !== null) child?.send(message, () => undefined);
    };
    const open = async (): Promise<void> => {
      const path = script ?? (await builtScript(workerScript));
      if (path === undefined) return exit(1, `This build lacks the program that computes (${workerScript}).`);
      if (killed) return exit(null);
      child = fork(path, [], {
        // Not this process's own flags: a debugger's port can't be had twice.
        execArgv: [],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        // Bytes stay bytes.
        serialization: 'advanced',
        env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      });
      child.on('message', (message: unknown) => hear(message));
      child.once('error', ({ message }) => exit(1, `No process can be started to compute in: ${message}.`));
      child.once('exit', (code) => exit(code));
      for (const message of waiting.splice(0)) post(message);
    };
    void open();
    return {
      post: (message) => {
        if (child === undefined) waiting.push(message);
        else post(message);
      },
      onMessage: (listener) => {
        hear = listener;
      },
      onExit: (listener) => {
        leave = listener;
      },
      kill: () => {
        killed = true;
        child?.kill('SIGKILL');
      },
    };
  };
}
