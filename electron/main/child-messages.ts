/** What the main process and its child processes say to each other. All of them are ours; ports travel beside. */

/** What can be run in a process of its own. */
export const programs = ['engine', 'worker', 'probe'] as const;
export type Program = (typeof programs)[number];

/** From the main process. */
export type ToChild =
  /** With a port on which a window speaks the contract. */
  | { readonly kind: 'connect' }
  /** With a port on which one picture or file is asked for; see media-port. */
  | { readonly kind: 'media' }
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question }
  /** To a worker or probe: the port that leads to whoever has launched it. */
  | { readonly kind: 'employer' }
  /** To who has launched a process: the port that leads to it; its end, with what it wrote to stderr. */
  | { readonly kind: 'launched'; readonly id: number }
  | { readonly kind: 'ended'; readonly id: number; readonly code: number; readonly log: string }
  | { readonly kind: 'quit' };

/** To the main process. */
export type FromChild =
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly kind: 'launch'; readonly id: number; readonly program: Program }
  | { readonly kind: 'kill'; readonly id: number };

/** What the main process asks the engine, for the system's dialogs. */
export type Question =
  | { readonly about: 'grant'; readonly paths: readonly string[] }
  | { readonly about: 'save'; readonly download: string; readonly path: string }
  | { readonly about: 'logs' };

export type Answer =
  | { readonly about: 'grant'; readonly places: readonly string[] }
  | { readonly about: 'save' }
  | { readonly about: 'logs'; readonly folder: string }
  /** In words for people. */
  | { readonly about: 'trouble'; readonly message: string; readonly remedy: string };

/** Whether something that came from a child has the form of its messages; the rest is theirs to get right. */
export function isFromChild(message: unknown): message is FromChild {
  if (typeof message !== 'object' || message === null) return false;
  if (!('kind' in message && 'id' in message) || typeof message.id !== 'number') return false;
  switch (message.kind) {
    case 'answer':
      return 'answer' in message && typeof message.answer === 'object' && message.answer !== null;
    case 'launch':
      return 'program' in message && programs.some((program) => program === message.program);
    case 'kill':
      return true;
    default:
      return false;
  }
}
