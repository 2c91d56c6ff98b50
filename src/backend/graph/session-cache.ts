import { sameKey, type Schedule } from './schedule.ts';
import type { Program } from './program.ts';

export interface CacheLimits {
  readonly count: number;
  readonly bytes: number;
}

/** Compiled programs, the least recently used released first when there are too many or they hold too much. */
export class SessionCache {
  readonly #limits: CacheLimits;
  /** In order of use, latest last. */
  readonly #programs = new Set<Program>();
  readonly #byHash = new Map<number, Program[]>();
  readonly #hashes = new Map<Program, number>();
  #bytes = 0;

  constructor(limits: CacheLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#programs.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The program compiled for exactly this structure. */
  get({ hash, key }: Schedule): Program | undefined {
    const program = this.#byHash.get(hash)?.find((candidate) => sameKey(candidate.key, key));
    if (program !== undefined) {
      this.#programs.delete(program);
      this.#programs.add(program);
    }
    return program;
  }

  /** Keeps a program; it is never itself what is released to make room. */
  add(hash: number, program: Program): void {
    this.#programs.add(program);
    this.#hashes.set(program, hash);
    this.#byHash.set(hash, [...(this.#byHash.get(hash) ?? []), program]);
    this.#bytes += program.bytes;
    for (const oldest of this.#programs) {
      if (oldest === program) return;
      if (this.#programs.size <= this.#limits.count && this.#bytes <= this.#limits.bytes) return;
      this.#release(oldest);
    }
  }

  /** Releases what a disposed constant was compiled into: it can't be met again. */
  releaseConstant(constant: number): void {
    for (const program of this.#programs) if (program.constants.includes(constant)) this.#release(program);
  }

  clear(): void {
    for (const program of this.#programs) this.#release(program);
  }

  #release(program: Program): void {
    const hash = this.#hashes.get(program) as number;
    const rest = (this.#byHash.get(hash) ?? []).filter((other) => other !== program);
    if (rest.length === 0) this.#byHash.delete(hash);
    else this.#byHash.set(hash, rest);
    this.#hashes.delete(program);
    this.#programs.delete(program);
    this.#bytes -= program.bytes;
    program.session.dispose();
  }
}
