import { test } from 'vitest';
import * as tfl from '@tensorflow/tfjs-layers';
import { fallbackReport } from '../../src/backend/index.ts';
import { random, tf } from './support.ts';

const img: [number[], any][] = [];
const L = tfl.layers as any;
const cases: Record<string, () => void> = {};
function layer(name: string, shape: number[], make: () => any, training = true) {
  cases[name] = () => {
    const x = random([2, ...shape], 1);
    const l = make();
    const f = (y: tf.Tensor) => tf.sum(tf.square(l.apply(y, { training }) as tf.Tensor));
    f(x).dataSync();
    tf.grad(f)(x).dataSync();
    if (l.trainableWeights.length) {
      const { grads } = tf.variableGrads(() => f(x) as tf.Scalar, l.trainableWeights.map((w: any) => w.val));
      for (const g of Object.values(grads)) g.dataSync();
    }
  };
}
const I = [6, 6, 4], S = [6, 4], V3 = [4, 4, 4, 2], D = [5];
for (const n of ['elu', 'reLU', 'leakyReLU', 'prelu', 'softmax', 'thresholdedReLU', 'flatten', 'batchNormalization', 'layerNormalization'])
  layer(n, I, () => L[n]({}));
layer('conv1d', S, () => L.conv1d({ filters: 3, kernelSize: 3 }));
layer('conv2dTranspose', I, () => L.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2 }));
layer('conv3d', V3, () => L.conv3d({ filters: 3, kernelSize: 3 }));
layer('conv3dTranspose', V3, () => L.conv3dTranspose({ filters: 3, kernelSize: 3 }));
layer('cropping2D', I, () => L.cropping2D({ cropping: [[1, 1], [1, 1]] }));
layer('upnearest', I, () => L.upSampling2d({ size: [2, 3] }));
layer('upbilinear', I, () => L.upSampling2d({ size: [2, 3], interpolation: 'bilinear' }));
layer('dropout', I, () => L.dropout({ rate: 0.5 }));
layer('spatialDropout1d', S, () => L.spatialDropout1d({ rate: 0.5 }));
layer('repeatVector', D, () => L.repeatVector({ n: 3 }));
layer('permute', I, () => L.permute({ dims: [2, 1, 3] }));
layer('zeroPadding2d', I, () => L.zeroPadding2d({}));
for (const n of ['averagePooling1d', 'maxPooling1d']) layer(n, S, () => L[n]({ poolSize: 2 }));
for (const n of ['averagePooling3d', 'maxPooling3d']) layer(n, V3, () => L[n]({ poolSize: 2 }));
for (const n of ['globalAveragePooling1d', 'globalMaxPooling1d']) layer(n, S, () => L[n]({}));
for (const n of ['gru', 'lstm', 'simpleRNN']) layer(n, S, () => L[n]({ units: 3 }));
layer('convLstm2d', [3, 6, 6, 2], () => L.convLstm2d({ filters: 3, kernelSize: 3 }));
layer('bidirectional', S, () => L.bidirectional({ layer: L.lstm({ units: 3 }), mergeMode: 'concat' }));
layer('timeDistributed', S, () => L.timeDistributed({ layer: L.dense({ units: 3 }) }));
layer('gaussianNoise', I, () => L.gaussianNoise({ stddev: 1 }));
layer('gaussianDropout', I, () => L.gaussianDropout({ rate: 0.5 }));
layer('alphaDropout', I, () => L.alphaDropout({ rate: 0.5 }));
layer('masking', S, () => L.masking({}));
layer('rescaling', I, () => L.rescaling({ scale: 2, offset: 1 }));
layer('centerCrop', I, () => L.centerCrop({ height: 4, width: 4 }));
layer('centerCrop2', I, () => L.centerCrop({ height: 8, width: 8 }));
layer('resizing', I, () => L.resizing({ height: 4, width: 4 }));
layer('resizingN', I, () => L.resizing({ height: 4, width: 4, interpolation: 'nearest' }));
layer('randomWidth', I, () => L.randomWidth({ factor: 0.3 }));
layer('separable', I, () => L.separableConv2d({ filters: 3, kernelSize: 3 }));
cases['conv2d dil fwd'] = () => (L.conv2d({ filters: 3, kernelSize: 3, dilationRate: 2 }).apply(random([2, ...I], 1)) as tf.Tensor).dataSync();
cases['sepconv2d dil fwd'] = () => (L.separableConv2d({ filters: 3, kernelSize: 3, dilationRate: 2 }).apply(random([2, ...I], 1)) as tf.Tensor).dataSync();
cases['dw dil fwd'] = () => (L.depthwiseConv2d({ kernelSize: 3, dilationRate: 2 }).apply(random([2, ...I], 1)) as tf.Tensor).dataSync();
cases['embedding'] = () => {
  const l = L.embedding({ inputDim: 5, outputDim: 3 });
  const x = tf.tensor2d([0, 1, 2, 3], [2, 2], 'int32');
  l.apply(x).dataSync();
  const { grads } = tf.variableGrads(() => tf.sum(tf.square(l.apply(x))) as tf.Scalar, l.trainableWeights.map((w: any) => w.val));
  for (const g of Object.values(grads)) g.dataSync();
};
for (const n of ['add', 'average', 'concatenate', 'maximum', 'minimum', 'multiply', 'dot'])
  cases[n] = () => {
    const l = L[n](n === 'dot' ? { axes: 1 } : {});
    const s = n === 'dot' ? [2, 5] : [2, ...I];
    const f = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.square(l.apply([a, b])));
    for (const g of tf.grads(f)([random(s, 1), random(s, 2)])) g.dataSync();
  };
for (const m of ['multiHot', 'oneHot', 'count'])
  cases['categoryEncoding ' + m] = () => L.categoryEncoding({ numTokens: 4, outputMode: m }).apply(tf.tensor2d([0, 1, 2, 3], m === 'oneHot' ? [4, 1] : [2, 2], 'int32')).dataSync();
const lossNames = ['meanSquaredError','meanAbsoluteError','meanAbsolutePercentageError','meanSquaredLogarithmicError','squaredHinge','hinge','categoricalHinge','logcosh','categoricalCrossentropy','sparseCategoricalCrossentropy','binaryCrossentropy','kullbackLeiblerDivergence','poisson','cosineProximity'];
for (const n of lossNames)
  cases['loss ' + n] = () => {};
const lossCase = async (n: string) => {
  const model = tfl.sequential();
  model.add(L.dense({ units: 3, inputShape: [5], activation: 'softmax' }));
  model.compile({ optimizer: 'adam', loss: n, metrics: n.startsWith('sparse') ? ['sparseCategoricalAccuracy','accuracy'] : ['accuracy', 'precision', 'recall', 'binaryAccuracy', 'binaryCrossentropy', 'categoricalAccuracy', 'categoricalCrossentropy', 'cosineProximity', 'meanAbsoluteError','meanAbsolutePercentageError','meanSquaredError','r2Score'].slice(0, -1) });
  const y = n.startsWith('sparse') ? tf.tensor2d([0, 1, 2, 0], [4, 1]) : tf.oneHot(tf.tensor1d([0, 1, 2, 0], 'int32'), 3).toFloat();
  await model.fit(random([4, 5], 3), y, { epochs: 2, batchSize: 2, shuffle: true, validationSplit: 0.25 });
  model.evaluate(random([4, 5], 3), y);
};
for (const init of ['constant','glorotNormal','glorotUniform','heNormal','heUniform','identity','leCunNormal','leCunUniform','ones','orthogonal','randomNormal','randomUniform','truncatedNormal','varianceScaling','zeros'])
  cases['init ' + init] = () => (tfl.initializers as any)[init]({ value: 1 , scale: 1, mode: 'fanIn', distribution: 'normal', gain: 1}).apply([4, 4]).dataSync();
for (const c of ['maxNorm', 'minMaxNorm', 'nonNeg', 'unitNorm'])
  cases['constraint ' + c] = () => (tfl.constraints as any)[c]({}).apply(random([4, 4], 1)).dataSync();
for (const r of ['l1', 'l2', 'l1l2'])
  cases['reg ' + r] = () => tf.grad((x) => (tfl.regularizers as any)[r]({}).apply(x))(random([4, 4], 1)).dataSync();
for (const m of Object.keys(tfl.metrics)) cases['metric ' + m] = () => {
  const t = m.startsWith('sparse') ? tf.tensor2d([0, 1], [2, 1]) : tf.tensor2d([1, 0, 0, 0, 1, 0], [2, 3]);
  ((tfl.metrics as any)[m](t, tf.softmax(random([2, 3], 1))) as tf.Tensor).dataSync();
};
for (const l of Object.keys(tf.losses)) cases['tf.losses ' + l] = () => {
  const t = tf.tensor2d([1, 0, 0, 0, 1, 0], [2, 3]);
  const f = (p: tf.Tensor) => l === 'cosineDistance' ? tf.losses.cosineDistance(t, p, 1) : (tf.losses as any)[l](t, p);
  if (l === 'computeWeightedLoss') tf.losses.computeWeightedLoss(t).dataSync(); else tf.grad(f as any)(tf.softmax(random([2, 3], 1))).dataSync();
};
for (const a of ['elu','selu','relu','relu6','linear','sigmoid','hardSigmoid','softplus','softsign','tanh','softmax','logSoftmax','gelu','gelu_new','mish','swish'])
  layer('act ' + a, D, () => L.activation({ activation: a }));
cases['confusion'] = () => tf.math.confusionMatrix(tf.tensor1d([0,1],'int32'), tf.tensor1d([1,0],'int32'), 2).dataSync();

test('survey', async () => {
  await tf.setBackend('onnxruntime');
  let seen = new Map<string, number>();
  const out: string[] = [];
  const diff = (name: string) => {
    const now = fallbackReport();
    const d = [...now].filter(([k, v]) => v !== (seen.get(k) ?? 0)).map(([k, v]) => k + '×' + (v - (seen.get(k) ?? 0)));
    if (d.length) out.push(name + ': ' + d.join(' '));
    seen = new Map(now);
  };
  for (const [name, f] of Object.entries(cases)) {
    try { tf.tidy(f); } catch (e) { out.push(name + ' ERROR ' + String(e).slice(0, 200)); }
    diff(name);
  }
  for (const n of lossNames) {
    try { await lossCase(n); } catch (e) { out.push(n + ' ERROR ' + String(e).slice(0, 200)); }
    diff('fit ' + n);
  }
  // LRN, dilation, bilinear etc of Holotype
  console.log(out.join('\n'));
});
