import { defineConfig } from 'vitest/config';

const { TEST_CACHE_DIR: CACHE_DIR } = process.env;
const common = { environment: 'node' as const, restoreMocks: true };

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    // For whoever runs the same tests over and over.
    experimental: { fsModuleCache: Boolean(CACHE_DIR), fsModuleCachePath: CACHE_DIR },
    projects: [
      {
        extends: true,
        test: {
          ...common,
          name: 'unit',
          include: ['{apps,libs,test,tools}/**/*.spec.{ts,mjs}'],
          // Longer than eventually() waits: a slow machine must not fail what is right, and a failure says what it waited for.
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          ...common,
          name: 'integration',
          include: ['test/integration/**/*.int-spec.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          ...common,
          name: 'e2e',
          include: ['test/e2e/**/*.e2e-spec.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          ...common,
          name: 'fault',
          include: ['test/fault/**/*.fault-spec.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
