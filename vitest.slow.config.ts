// `npm run test:slow`: whole trainings on real photos, which take minutes.
import { mergeConfig } from 'vitest/config';
import config from './vitest.config.ts';

const slow = mergeConfig(config, { test: { testTimeout: 900_000 } });
slow.test.include = ['test/**/*.slow.test.ts'];
slow.test.exclude = ['node_modules/**'];

export default slow;
