import { defineConfig } from 'vitest/config';

// No 'import' here: vitest hands these to Node, and require() of a package with both forms would get the wrong one.
const conditions = ['source', 'node'];
/** Tests with real processes get a second try on a shared CI machine; at a desk a flaky test shall be seen. */
const onceMoreInCi = process.env['CI'] === undefined ? 0 : 1;
const shared = { resolve: { conditions }, ssr: { resolve: { conditions } } };

export default defineConfig({
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: ['libs/**/*.spec.ts', 'apps/**/*.spec.ts', 'deploy/**/*.spec.ts'],
          exclude: ['apps/*/test/**', 'libs/bus/test/**', '**/node_modules/**', 'dist/**'],
          setupFiles: ['test/properties/seed.ts'],
          testTimeout: 20_000,
          // Pure code needs no fresh modules for each file, and loading them again costs three times what the tests do.
          // Who changes something of the whole process (a tracer, an environment variable) puts it back.
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        ...shared,
        test: {
          name: 'service',
          include: ['apps/*/test/**/*.spec.ts', 'libs/bus/test/**/*.spec.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: { poll: { timeout: 5_000 } },
          retry: onceMoreInCi,
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          include: ['test/**/*.spec.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          // Each suite is nine processes: two at once on two cores only measure how long they wait for each other.
          maxWorkers: 1,
          expect: { poll: { timeout: 10_000 } },
          retry: onceMoreInCi,
        },
      },
    ],
  },
});
