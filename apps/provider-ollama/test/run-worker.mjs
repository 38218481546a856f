// Runs the worker's main.ts as a process of its own, compiled on the way, so that no build has to be there.
import { runnerImport } from 'vite';

const conditions = ['source', 'node', 'import', 'module', 'default'];
await runnerImport(new URL('../main.ts', import.meta.url).pathname, {
  configFile: false,
  logLevel: 'error',
  resolve: { conditions, externalConditions: conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
});
