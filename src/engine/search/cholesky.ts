/** Small dense linear algebra, row by row in one array: enough for a Gaussian process of some hundred points. */

/**
 * The lower triangle L with L L' = A (Cholesky-Banachiewicz), written over the lower triangle of A.
 *
 * @param a symmetric positive definite, [n, n]; only its lower triangle is read
 * @returns false when A is not positive definite: what `a` holds then is of no use
 */
export function cholesky(a: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = a[i * n + j] as number;
      for (let k = 0; k < j; k += 1) sum -= (a[i * n + k] as number) * (a[j * n + k] as number);
      if (i !== j) a[i * n + j] = sum / (a[j * n + j] as number);
      else if (sum > 0) a[i * n + i] = Math.sqrt(sum);
      else return false;
    }
  }
  return true;
}

/** Solves L x = b, written over b. @param l lower triangle, [n, n] */
export function solveLower(l: Float64Array, n: number, b: Float64Array): void {
  for (let i = 0; i < n; i += 1) {
    let sum = b[i] as number;
    for (let k = 0; k < i; k += 1) sum -= (l[i * n + k] as number) * (b[k] as number);
    b[i] = sum / (l[i * n + i] as number);
  }
}

/** Solves L' x = b, written over b. @param l lower triangle, [n, n] */
export function solveUpper(l: Float64Array, n: number, b: Float64Array): void {
  for (let i = n - 1; i >= 0; i -= 1) {
    let sum = b[i] as number;
    for (let k = i + 1; k < n; k += 1) sum -= (l[k * n + i] as number) * (b[k] as number);
    b[i] = sum / (l[i * n + i] as number);
  }
}

/** The inverse of A = L L', both triangles of it. @param l lower triangle, [n, n] */
export function inverse(l: Float64Array, n: number): Float64Array {
  // First M = inverse of L, then M' M.
  const m = new Float64Array(n * n);
  for (let j = 0; j < n; j += 1) {
    m[j * n + j] = 1 / (l[j * n + j] as number);
    for (let i = j + 1; i < n; i += 1) {
      let sum = 0;
      for (let k = j; k < i; k += 1) sum -= (l[i * n + k] as number) * (m[k * n + j] as number);
      m[i * n + j] = sum / (l[i * n + i] as number);
    }
  }
  const result = new Float64Array(n * n);
  for (let k = 0; k < n; k += 1) {
    for (let i = 0; i <= k; i += 1) {
      const left = m[k * n + i] as number;
      for (let j = 0; j <= i; j += 1)
        result[i * n + j] = (result[i * n + j] as number) + left * (m[k * n + j] as number);
    }
  }
  for (let i = 0; i < n; i += 1)
    for (let j = 0; j < i; j += 1) result[j * n + i] = result[i * n + j] as number;
  return result;
}
