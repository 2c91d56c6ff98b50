import { encodeModel } from './model.ts';
import type { Runtime } from './runtime.ts';

/**
 * How many channels ONNX Runtime's blocked operators hold together on this processor: 16 with AVX-512, 8 with AVX2,
 * others elsewhere. Asked of the operator that brings values into the layout, which fills a block up.
 * @returns 8 or 16; 0 where the operators are missing or can't be used
 */
export function blockSize({ Tensor, createSession }: Pick<Runtime, 'Tensor' | 'createSession'>): number {
  const model = encodeModel({
    nodes: [
      {
        name: 'probe',
        op: 'ReorderInput',
        domain: 'com.microsoft.nchwc',
        inputs: ['x'],
        outputs: ['blocked'],
        attributes: {},
      },
      { name: 'shape', op: 'Shape', domain: '', inputs: ['blocked'], outputs: ['y'], attributes: {} },
    ],
    inputs: [{ name: 'x', type: 'float32', dims: [1, 4, 1, 1] }],
    outputs: [{ name: 'y', type: 'int64', dims: [4] }],
    initializers: [],
  });
  try {
    const session = createSession(model, true);
    const { y } = session.run(
      { x: new Tensor('float32', new Float32Array(4), [1, 4, 1, 1]) },
      { y: null },
      {},
    );
    session.dispose();
    const block = Number((y?.data as BigInt64Array | undefined)?.[1] ?? 0);
    return block === 8 || block === 16 ? block : 0;
  } catch {
    return 0; // a build without these operators refuses the model
  }
}
