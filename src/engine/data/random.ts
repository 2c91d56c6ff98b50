/** A stream of random numbers, the same on every machine for the same seed. */
export interface Random {
  /** Uniform in [0, 1), 32 bits of it. */
  next(): number;
  /** Uniform integer in [0, below). */
  integer(below: number): number;
  /** Standard normal (Box-Muller). */
  normal(): number;
  /** What {@link restoreRandom} needs to go on from here. */
  state(): [number, number, number, number];
}

/**
 * Small, fast, seeded: sfc32 (Chris Doty-Humphrey, PractRand), its state filled by splitmix32 from the seed.
 * Not for secrets.
 *
 * @param seed any integer; only its low 32 bits count
 */
export function seededRandom(seed: number): Random {
  let word = seed | 0;
  const splitmix = (): number => {
    word = (word + 0x9e3779b9) | 0;
    let mixed = word ^ (word >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
  const random = restoreRandom([splitmix(), splitmix(), splitmix(), 1]);
  for (let round = 0; round < 12; round += 1) random.next(); // as PractRand does, to forget the seed's shape
  return random;
}

/** Goes on where {@link Random.state} was taken. */
export function restoreRandom(state: readonly [number, number, number, number]): Random {
  let [a, b, c, counter] = state;
  const word = (): number => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  };
  const next = (): number => word() / 4294967296;
  return {
    next,
    integer: (below) => Math.floor(next() * below),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    state: () => [a, b, c, counter],
  };
}

/** A shuffled copy (Fisher-Yates, inside out). */
export function shuffled<T>(items: Iterable<T>, random: Random): T[] {
  const result: T[] = [];
  for (const item of items) {
    // The new one takes a random place, whose holder moves to the end.
    const place = random.integer(result.length + 1);
    result.push(item);
    result.copyWithin(result.length - 1, place, place + 1);
    result[place] = item;
  }
  return result;
}
