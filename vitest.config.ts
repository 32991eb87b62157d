import { defineConfig } from 'vitest/config';

const CACHE_DIR = process.env['TEST_CACHE_DIR'] ?? 'node_modules/.cache/vitest-modules';
/** Files that run at once: as many as there are sets of servers; see test/support/shard.ts. */
const SHARDS = Math.max(1, (JSON.parse(process.env['TEST_SHARDS'] || '[]') as unknown[]).length);
const common = { environment: 'node' as const, restoreMocks: true };
const onServers = {
  ...common,
  setupFiles: ['test/support/shard.ts'],
  // What files have in common is loaded once a worker; each file makes and ends what it uses.
  isolate: false,
  fileParallelism: SHARDS > 1,
  maxWorkers: SHARDS,
};

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    // A module is transformed once, not once a run.
    experimental: { fsModuleCache: true, fsModuleCachePath: CACHE_DIR },
    projects: [
      {
        extends: true,
        test: {
          ...common,
          isolate: false,
          maxWorkers: 2,
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
          ...onServers,
          name: 'integration',
          include: ['test/integration/**/*.int-spec.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          ...onServers,
          name: 'e2e',
          include: ['test/e2e/**/*.e2e-spec.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          ...onServers,
          name: 'fault',
          include: ['test/fault/**/*.fault-spec.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
