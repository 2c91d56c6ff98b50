import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { mainFields: ['module', 'main'] },
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx', 'src/**/*.test.ts'],
    exclude: ['**/*.slow.test.ts', 'node_modules/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // The published Node entry points of TensorFlow.js leave the gradients out, and its ES modules
    // can't be loaded by Node as they are: bundle them once, as the build does.
    deps: {
      optimizer: {
        ssr: {
          enabled: true,
          include: [
            '@tensorflow/tfjs-core',
            '@tensorflow/tfjs-core/dist/register_all_gradients.js',
            '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js',
            '@tensorflow/tfjs-layers',
            '@tensorflow/tfjs-converter',
            '@tensorflow/tfjs-backend-cpu',
            '@tensorflow/tfjs-backend-wasm',
          ],
        },
      },
    },
  },
});
