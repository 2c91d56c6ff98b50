/**
 * Keras MobileNet v1 for weights that come without a topology.
 *
 * The TF.js models at storage.googleapis.com/tfjs-models/tfjs/mobilenet_v1_* carry their layers' names in
 * the weight manifest; copies without `modelTopology` circulate. The architecture is fixed (Howard et al.
 * 2017, arXiv:1704.04861, table 1; layer names of keras.applications.mobilenet), and all widths can be read
 * off the weights, so the topology is written down here instead of refusing the file.
 */
import type { Weight } from '../graph.ts';

/** Stride of the depthwise convolution of blocks 1 to 13. */
const strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1];

/** Whether these are the weights of a Keras MobileNet v1, with or without its ImageNet head. */
export function isKerasMobileNetV1(weights: ReadonlyMap<string, Weight>): boolean {
  return (
    weights.has('conv1/kernel') &&
    strides.every(
      (_, i) => weights.has(`conv_dw_${i + 1}/depthwise_kernel`) && weights.has(`conv_pw_${i + 1}/kernel`),
    )
  );
}

/**
 * The Functional topology of Keras MobileNet v1, as a model.json would have it; input 224 x 224 RGB in -1..1.
 *
 * @param weights decides the widths and whether the classification head is there
 */
export function kerasMobileNetV1Topology(weights: ReadonlyMap<string, Weight>): unknown {
  const layers: unknown[] = [
    {
      class_name: 'InputLayer',
      name: 'input_1',
      config: { batch_input_shape: [null, 224, 224, 3] },
      inbound_nodes: [],
    },
  ];
  let last = 'input_1';
  const layer = (class_name: string, name: string, config: Record<string, unknown>): void => {
    layers.push({ class_name, name, config: { name, ...config }, inbound_nodes: [[[last, 0, 0, {}]]] });
    last = name;
  };
  const kernel = (name: string): readonly number[] => weights.get(name)?.shape ?? [];
  const normalized = (name: string): void => {
    layer('BatchNormalization', `${name}_bn`, { axis: -1, epsilon: 0.001, center: true, scale: true });
    layer('ReLU', `${name}_relu`, { max_value: 6 });
  };
  const conv = (name: string, stride: number, bias: boolean): void => {
    const [kh, kw, , filters] = kernel(`${name}/kernel`);
    layer('Conv2D', name, {
      filters,
      kernel_size: [kh, kw],
      strides: [stride, stride],
      padding: 'same',
      use_bias: bias,
    });
  };
  conv('conv1', 2, false);
  normalized('conv1');
  for (const [i, stride] of strides.entries()) {
    const [kh, kw, , multiplier] = kernel(`conv_dw_${i + 1}/depthwise_kernel`);
    layer('DepthwiseConv2D', `conv_dw_${i + 1}`, {
      kernel_size: [kh, kw],
      strides: [stride, stride],
      depth_multiplier: multiplier,
      padding: 'same',
      use_bias: false,
    });
    normalized(`conv_dw_${i + 1}`);
    conv(`conv_pw_${i + 1}`, 1, false);
    normalized(`conv_pw_${i + 1}`);
  }
  if (weights.has('conv_preds/kernel')) {
    const classes = kernel('conv_preds/kernel')[3];
    layer('GlobalAveragePooling2D', 'global_average_pooling2d_1', {});
    layer('Reshape', 'reshape_1', { target_shape: [1, 1, -1] });
    layer('Dropout', 'dropout', {});
    conv('conv_preds', 1, weights.has('conv_preds/bias'));
    layer('Activation', 'act_softmax', { activation: 'softmax' });
    layer('Reshape', 'reshape_2', { target_shape: [classes] });
  }
  return {
    class_name: 'Model',
    config: {
      name: 'mobilenet_v1',
      layers,
      input_layers: [['input_1', 0, 0]],
      output_layers: [[last, 0, 0]],
    },
  };
}
