import { MessageChannelMain, type MessagePortMain, type UtilityProcess } from 'electron';
import { HolotypeError } from '../../src/contract/errors.ts';
import type { ConnectReason } from '../../src/contract/shell.ts';
import { createRestarts, patience } from '../../src/service/restarts.ts';
import type { Answer, Question } from './child-messages.ts';
import { tell, type Children } from './children.ts';

/** Told when the engine is gone without having been asked to. */
export interface EngineStopped {
  /** In words for people. */
  readonly message: string;
  /** Whether to reconnect at once; false after it keeps stopping, when a person should decide. */
  readonly retry: boolean;
}

/** The engine gives projects back and ends by itself within this time (ms), or is ended. */
const farewell = 3_000;

type AnswerTo<Q extends Question> = Extract<Answer, { about: Q['about'] }>;

export interface EngineProcess {
  /**
   * One end of a new channel to the engine, which is started when it isn't running. Undefined when it
   * stopped too often lately and it wasn't a person who asked: `onStopped` is told again.
   */
  connect(reason: ConnectReason): MessagePortMain | undefined;
  /** One end of a channel for one picture or file; undefined when the engine isn't running. */
  openMedia(): MessagePortMain | undefined;
  /** Asks the engine something for a dialog. @throws HolotypeError when it isn't running, or what it says */
  ask<Q extends Question>(question: Q): Promise<AnswerTo<Q>>;
  /** Ends the engine for good: the app is quitting. Resolves when it is gone. */
  stop(): Promise<void>;
}

interface Asking {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: HolotypeError) => void;
}

/**
 * Runs the engine in a process of its own, so that a crash or hours of work never freeze the window.
 * @param onStopped tells the windows; they ask for a new connection
 */
export function createEngineProcess(
  children: Children,
  onStopped: (news: EngineStopped) => void,
  now: () => number = Date.now,
): EngineProcess {
  let running: UtilityProcess | undefined;
  let quitting = false;
  let lastCode = 0;
  let nextQuestion = 0;
  const asking = new Map<number, Asking>();

  const restarts = createRestarts(now);
  const start = (): UtilityProcess => {
    const child = children.start('engine', (message) => {
      if (message.kind !== 'answer') return;
      asking.get(message.id)?.resolve(message.answer);
      asking.delete(message.id);
    });
    child.once('exit', (code) => {
      // Only the process that is running now is news.
      if (running !== child) return;
      running = undefined;
      for (const { reject } of asking.values()) reject(notRunning());
      asking.clear();
      if (quitting) return;
      lastCode = code;
      onStopped(describe(code, restarts.stopped()));
    });
    return child;
  };
  const channel = (child: UtilityProcess, kind: 'connect' | 'media'): MessagePortMain => {
    const { port1, port2 } = new MessageChannelMain();
    tell(child, { kind }, [port1]);
    return port2;
  };

  return {
    connect: (reason) => {
      if (quitting) return undefined;
      if (reason === 'person') restarts.forgive();
      if (running === undefined && restarts.isExhausted()) {
        onStopped(describe(lastCode, false));
        return undefined;
      }
      running ??= start();
      return channel(running, 'connect');
    },
    openMedia: () => (running === undefined ? undefined : channel(running, 'media')),
    ask: async <Q extends Question>(question: Q) => {
      const child = running;
      if (child === undefined) throw notRunning();
      const id = nextQuestion++;
      const answer = await new Promise<Answer>((resolve, reject) => {
        asking.set(id, { resolve, reject });
        tell(child, { kind: 'ask', id, question });
      });
      if (answer.about === 'trouble')
        throw new HolotypeError('failed', answer.message, { remedy: answer.remedy });
      // The engine answers what it was asked: both ends are of one version.
      return answer as AnswerTo<Q>;
    },
    stop: async () => {
      quitting = true;
      const child = running;
      if (child === undefined) return;
      const gone = new Promise<void>((resolve) => {
        child.once('exit', () => resolve());
      });
      tell(child, { kind: 'quit' });
      const timer = setTimeout(() => child.kill(), farewell);
      await gone;
      clearTimeout(timer);
    },
  };
}

function notRunning(): HolotypeError {
  return new HolotypeError('failed', 'The engine is not running.', {
    remedy: 'Start it again in the window.',
  });
}

function describe(code: number, retry: boolean): EngineStopped {
  const ended = `The engine stopped unexpectedly (exit code ${code}).`;
  return retry
    ? { retry, message: `${ended} It is being started again; what was saved is safe.` }
    : { retry, message: `${ended} It has stopped ${patience.stops} times within a minute.` };
}
