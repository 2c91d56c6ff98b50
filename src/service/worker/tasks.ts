import type { TaskTable } from '../jobs/task.ts';

/** All that worker processes can be told to do; what a task needs is loaded when it is first wanted. */
export const tasks: TaskTable = {
  train: async () => (await import('../runs/train-task.ts')).trainTask,
  landscape: async () => (await import('../landscape/landscape-task.ts')).landscapeTask,
  predict: async () => (await import('../use/predict-task.ts')).predictTask,
  explore: async () => (await import('../explore/explore-task.ts')).exploreTask,
  compare: async () => (await import('../compare/compare-task.ts')).compareTask,
  search: async () => (await import('../search/search-task.ts')).searchTask,
  export: async () => (await import('../use/export-task.ts')).exportTask,
  explain: async () => (await import('../explain/explain-task.ts')).explainTask,
  similar: async () => (await import('../explain/similar-task.ts')).similarTask,
  camera: async () => (await import('../use/camera-task.ts')).cameraTask,
  'model-details': async () => (await import('../machine/model-tasks.ts')).modelDetailsTask,
  'import-model': async () => (await import('../machine/model-tasks.ts')).importModelTask,
  measure: async () => (await import('../runs/measure-task.ts')).measureTask,
};
