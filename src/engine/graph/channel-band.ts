/**
 * The window of local response normalization as a matrix: a sum over neighbouring channels is then a product, which
 * every backend can differentiate.
 *
 * @param size channels in the window, as ONNX LRN counts them
 * @returns [channels, channels], row-major; [from, to] is 1 where `from` is in the window around `to`
 */
export function channelBand(channels: number, size: number): Float32Array {
  const before = Math.floor((size - 1) / 2);
  const after = Math.ceil((size - 1) / 2);
  const band = new Float32Array(channels * channels);
  for (let to = 0; to < channels; to++) {
    const last = Math.min(to + after, channels - 1);
    for (let from = Math.max(to - before, 0); from <= last; from++) band[from * channels + to] = 1;
  }
  return band;
}
