/** The engine's end of a worker process: messages are plain data that structured clone carries. */
export interface WorkerLink {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /**
   * Called once when the process has ended; `code` is null when something ended it from outside. `why` is there when
   * more is known than the code, as a full sentence: that it could not be started.
   */
  onExit(listener: (code: number | null, why?: string) => void): void;
  /** Ends the process at once, without asking. */
  kill(): void;
}

/** Starts a worker process. May throw; one that can't be started may also just exit. */
export type WorkerLauncher = () => WorkerLink;

/** The worker's own end. */
export interface WorkerPort {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
}
