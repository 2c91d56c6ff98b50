/** Letters that stand for something else on the screen "Label". */
export const commandLetters = ['f', 'h', 'i', 'm', 'x'] as const;

const digits = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];
const letters = 'abcdefghijklmnopqrstuvwxyz'
  .split('')
  .filter((letter) => commandLetters.every((taken) => taken !== letter));
const keys = [...digits, ...letters];

/** The key of the class at a position: digits, then letters; undefined when all are taken. */
export function classKey(at: number): string | undefined {
  return keys[at];
}
