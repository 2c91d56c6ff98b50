/** A network of which everybody knows where it looks: class 1 is red somewhere, class 0 is not. */
import type { ModelGraph, Weight } from '../../../src/engine/graph/graph.ts';

/** Pixels along a side, and of a cell of its 4 x 4 map. */
const side = 32;
const cell = 8;

export function blobNet(): ModelGraph {
  const place = cell * cell;
  // Redness (red less half of green and blue), averaged over a cell; and brightness, which no class cares for.
  const kernel = Float32Array.from({ length: place * 3 * 2 }, (_, at) => {
    const channel = Math.floor(at / 2) % 3;
    const redness = channel === 0 ? 1 : -0.5;
    return (at % 2 === 0 ? redness : 1 / 3) / place / 255;
  });
  const weights = new Map<string, Weight>([
    ['see/kernel', { shape: [cell, cell, 3, 2], data: kernel }],
    ['see/bias', { shape: [2], data: Float32Array.of(-0.2, 0) }],
    ['fc/kernel', { shape: [2, 2], data: Float32Array.of(0, 60, 0, 0) }],
    ['fc/bias', { shape: [2], data: Float32Array.of(1, 0) }],
  ]);
  return {
    input: { name: 'photo', shape: [side, side, 3] },
    nodes: [
      {
        op: 'conv2d',
        name: 'see',
        inputs: ['photo'],
        kernel: 'see/kernel',
        bias: 'see/bias',
        strides: [cell, cell],
        dilations: [1, 1],
        pads: [0, 0, 0, 0],
        groups: 1,
      },
      { op: 'activation', kind: 'relu', name: 'seen', inputs: ['see'] },
      { op: 'global-average-pool', name: 'pool', inputs: ['seen'], keepDims: false },
      { op: 'dense', name: 'fc', inputs: ['pool'], kernel: 'fc/kernel', bias: 'fc/bias' },
      { op: 'activation', kind: 'softmax', name: 'probabilities', inputs: ['fc'] },
    ],
    outputs: ['probabilities'],
    weights,
  };
}

/** Grey, with one red cell. @returns RGB uint8 [32, 32, 3] */
export function photoWithBlob(row: number, column: number): Uint8Array {
  return Uint8Array.from({ length: side * side * 3 }, (_, at) => {
    const [y, x] = [Math.floor(at / 3 / side), Math.floor(at / 3) % side];
    const red = Math.floor(y / cell) === row && Math.floor(x / cell) === column;
    return red ? (at % 3 === 0 ? 250 : 20) : 140;
  });
}
