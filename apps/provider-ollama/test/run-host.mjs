// A fake Ollama as a process of its own; prints its address and ends with its stdin.
import { runnerImport } from 'vite';

const conditions = ['source', 'node', 'import', 'module', 'default'];
const { module } = await runnerImport(
  new URL('../../../libs/testing/upstream/ollama-upstream.ts', import.meta.url).pathname,
  { configFile: false, logLevel: 'error', resolve: { conditions, externalConditions: conditions } },
);
const host = await module.OllamaUpstream.start({ models: ['llama3.2'] });
process.stdout.write(`${host.url}\n`);
process.stdin.resume().once('end', () => process.exit(0));
