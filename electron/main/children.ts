import { MessageChannelMain, utilityProcess, type UtilityProcess } from 'electron';
import { isFromChild, type FromChild, type Program, type ToChild } from './child-messages.ts';

/** Characters of a child's stderr that are kept for those who started it. */
const logLength = 8000;

const names: Readonly<Record<Program, string>> = {
  engine: 'Holotype engine',
  worker: 'Holotype training',
  probe: 'Holotype device test',
};

export interface Children {
  /** Starts a program; it can start others in turn, which end with it. */
  start(program: Program, heard?: (message: FromChild) => void): UtilityProcess;
}

/**
 * Starts all processes of Holotype's own. Only the main process can: what Node offers for it is shut off in the
 * packaged app (the fuse `runAsNode`).
 *
 * @param entries the built program of each kind
 */
export function createChildren(entries: Readonly<Record<Program, string>>): Children {
  const start: Children['start'] = (program, heard) => {
    const child = utilityProcess.fork(entries[program], [], {
      serviceName: names[program],
      // What a driver says before it crashes is for whoever tries the driver.
      stdio: program === 'probe' ? ['ignore', 'ignore', 'pipe'] : 'inherit',
    });
    /** Those it has started, by its own numbers. */
    const own = new Map<number, UtilityProcess>();
    child.on('message', (message: unknown) => {
      if (!isFromChild(message)) return;
      if (message.kind === 'launch') launch(child, own, message.id, message.program);
      else if (message.kind === 'kill') own.get(message.id)?.kill();
      else heard?.(message);
    });
    child.once('exit', () => {
      for (const orphan of own.values()) orphan.kill();
      own.clear();
    });
    return child;
  };

  const launch = (
    parent: UtilityProcess,
    own: Map<number, UtilityProcess>,
    id: number,
    program: Program,
  ): void => {
    const child = start(program);
    own.set(id, child);
    let log = '';
    child.stderr?.on('data', (text: Buffer) => {
      log = (log + text.toString('utf8')).slice(-logLength);
    });
    child.once('exit', (code) => {
      // When the parent is gone, it has been cleared away with it.
      if (own.delete(id)) tell(parent, { kind: 'ended', id, code, log });
    });
    const { port1, port2 } = new MessageChannelMain();
    tell(child, { kind: 'employer' }, [port1]);
    tell(parent, { kind: 'launched', id }, [port2]);
  };
  return { start };
}

/** Sends a message to a child. */
export function tell(child: UtilityProcess, message: ToChild, ports: Electron.MessagePortMain[] = []): void {
  child.postMessage(message, ports);
}
