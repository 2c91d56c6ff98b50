import { MessageChannelMain, utilityProcess, type MessagePortMain, type UtilityProcess } from 'electron';
import type { ConnectReason } from '../../src/contract/shell.ts';

/** Told when the engine is gone without having been asked to. */
export interface EngineStopped {
  /** In words for people. */
  readonly message: string;
  /** Whether to reconnect at once; false after it keeps stopping, when a person should decide. */
  readonly retry: boolean;
}

/** So many unexpected ends within so many milliseconds, and it is not restarted by itself any more. */
const patience = { stops: 3, within: 60_000 } as const;

export interface EngineProcess {
  /**
   * One end of a new channel to the engine, which is started when it isn't running. Undefined when it
   * stopped too often lately and it wasn't a person who asked: `onStopped` is told again.
   */
  connect(reason: ConnectReason): MessagePortMain | undefined;
  /** Ends the engine for good: the app is quitting. */
  stop(): void;
}

/**
 * Runs the engine in a process of its own, so that a crash or hours of work never freeze the window.
 * @param entry the built engine entry
 * @param onStopped tells the windows; they ask for a new connection
 */
export function createEngineProcess(
  entry: string,
  onStopped: (news: EngineStopped) => void,
  now: () => number = Date.now,
): EngineProcess {
  let running: UtilityProcess | undefined;
  let quitting = false;
  let stops: number[] = [];
  let lastCode = 0;

  const recentStops = (): number[] => stops.filter((time) => now() - time < patience.within);
  const start = (): UtilityProcess => {
    const child = utilityProcess.fork(entry, [], { serviceName: 'Holotype engine' });
    child.once('exit', (code) => {
      // Only the process that is running now is news.
      if (running !== child) return;
      running = undefined;
      if (quitting) return;
      lastCode = code;
      stops = [...recentStops(), now()];
      onStopped(describe(code, stops.length < patience.stops));
    });
    return child;
  };

  return {
    connect: (reason) => {
      if (quitting) return undefined;
      if (reason === 'person') stops = [];
      if (running === undefined && recentStops().length >= patience.stops) {
        onStopped(describe(lastCode, false));
        return undefined;
      }
      running ??= start();
      const { port1, port2 } = new MessageChannelMain();
      running.postMessage({ kind: 'connect' }, [port1]);
      return port2;
    },
    stop: () => {
      quitting = true;
      running?.kill();
      running = undefined;
    },
  };
}

function describe(code: number, retry: boolean): EngineStopped {
  const ended = `The engine stopped unexpectedly (exit code ${code}).`;
  return retry
    ? { retry, message: `${ended} It is being started again; what was saved is safe.` }
    : { retry, message: `${ended} It has stopped ${patience.stops} times within a minute.` };
}
