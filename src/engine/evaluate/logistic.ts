/** log(1 + e^x), for any x without overflow: -log sigmoid(-x) */
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** Probabilities of labels: 1 / (1 + exp(-z / T)), in any shape. @param temperature above 0 */
export function sigmoids(logits: Float32Array, temperature = 1): Float32Array {
  return logits.map((z) => 1 / (1 + Math.exp(-z / temperature)));
}
