/** Stand-ins for Electron's processes and ports. */
import { EventEmitter } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import type { MessagePortLike } from '../../src/contract/transport.ts';

/** A utility process that does nothing by itself. */
export class FakeChild extends EventEmitter {
  readonly entry: string;
  readonly options: { readonly stdio?: unknown };
  readonly stderr = new EventEmitter();
  readonly posted: { message: unknown; ports: unknown[] }[] = [];
  killed = false;

  constructor(entry: string, options: { readonly stdio?: unknown } = {}) {
    super();
    this.entry = entry;
    this.options = options;
  }

  postMessage(message: unknown, ports: unknown[]): void {
    this.posted.push({ message, ports });
  }

  kill(): boolean {
    if (this.killed) return false;
    this.killed = true;
    this.emit('exit', 15);
    return true;
  }

  /** What was posted, without ports. */
  get messages(): unknown[] {
    return this.posted.map(({ message }) => message);
  }
}

/** One end of a real channel, dressed up as Electron's: listeners get `{data}`. */
function likeElectron(port: MessageChannel['port1']): MessagePortLike {
  return {
    postMessage: (message) => port.postMessage(message),
    close: () => port.close(),
    start: () => port.start(),
    on: (type, listener) =>
      type === 'message'
        ? port.on('message', (data: unknown) => listener({ data }))
        : port.on('close', () => listener()),
  };
}

/** Electron's MessageChannelMain, over Node's. */
export class FakeChannel {
  readonly port1: MessagePortLike;
  readonly port2: MessagePortLike;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    [this.port1, this.port2] = [likeElectron(port1), likeElectron(port2)];
  }
}
