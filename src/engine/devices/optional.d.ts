// An optional peer dependency: its types are there only where a person has installed it.
declare module '@tensorflow/tfjs-node-gpu';
