// Runs in a child process: asks the main process to start others, and talks to them.
import { portTransport, type MessagePortLike, type Transport } from '../../src/contract/transport.ts';
import type { WorkerLink } from '../../src/service/jobs/worker-link.ts';
import type { ProbeChild } from '../../src/service/probe-process.ts';
import type { FromChild, Program, ToChild } from './child-messages.ts';

export interface Launches {
  readonly worker: () => WorkerLink;
  readonly probe: () => ProbeChild;
  /** Hears a message of the main process. @returns whether it was about a process that was started here */
  hear(message: ToChild, port: MessagePortLike | undefined): boolean;
}

interface Launched {
  transport: Transport | undefined;
  /** What was to be sent before there was a port. */
  waiting: unknown[];
  message: (message: unknown) => void;
  ended: (code: number, log: string) => void;
}

/** @param tellMain sends to the main process */
export function createLaunches(tellMain: (message: FromChild) => void): Launches {
  const children = new Map<number, Launched>();
  let nextId = 0;
  const launch = (program: Program) => {
    const id = nextId++;
    const child: Launched = {
      transport: undefined,
      waiting: [],
      message: () => undefined,
      ended: () => undefined,
    };
    children.set(id, child);
    tellMain({ kind: 'launch', id, program });
    return {
      child,
      post: (message: unknown): void => {
        if (child.transport === undefined) child.waiting.push(message);
        else child.transport.send(message);
      },
      onMessage: (listener: (message: unknown) => void): void => {
        child.message = listener;
      },
      kill: (): void => tellMain({ kind: 'kill', id }),
    };
  };
  return {
    worker: () => {
      const { child, post, onMessage, kill } = launch('worker');
      return {
        post,
        onMessage,
        kill,
        onExit: (listener) => {
          child.ended = (code) => listener(code);
        },
      };
    },
    probe: () => {
      const { child, post, onMessage, kill } = launch('probe');
      return {
        post,
        onMessage,
        kill,
        onEnd: (listener) => {
          child.ended = (code, log) => listener(`exit code ${code}`, log);
        },
        // One that can't be started ends at once.
        onError: () => undefined,
      };
    },
    hear: (message, port) => {
      if (message.kind !== 'launched' && message.kind !== 'ended') return false;
      const child = children.get(message.id);
      if (child === undefined) return true;
      if (message.kind === 'ended') {
        children.delete(message.id);
        child.ended(message.code, message.log);
      } else if (port !== undefined) {
        const transport = portTransport(port);
        child.transport = transport;
        transport.onMessage((said) => child.message(said));
        for (const early of child.waiting.splice(0)) transport.send(early);
      }
      return true;
    },
  };
}
