/** POST /api/pull of a fake Ollama host: lines of progress as a real one writes them. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Exchange } from './fake-server.js';
import { taggedName } from './ollama-models.js';
import { OllamaBody } from './ollama-request.js';

export interface Registry {
  /** Models that can be fetched. */
  readonly names: readonly string[];
  /** How long each of the lines between the first and the last takes, milliseconds. */
  readonly stepMs: number;
  readonly install: (name: string) => void;
}

const totalBytes = 4_900_000_000;

/** Answers a pull; the model is there with the last line. */
export async function pullModel({ request, response, gone }: Exchange, registry: Registry): Promise<void> {
  const name = taggedName(OllamaBody.safeParse(request.body).data?.model ?? '');
  const write = (line: object) => response.write(`${JSON.stringify(line)}\n`);
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  write({ status: 'pulling manifest' });
  if (!registry.names.map(taggedName).includes(name)) {
    response.end(`${JSON.stringify({ error: 'pull model manifest: file does not exist' })}\n`);
    return;
  }
  const digest = 'sha256:667b0c1932bc6ffc593ed1d03f895bf2dc8dc6df21db3042284a6f4416b06a29';
  for (const share of [0.25, 0.5, 0.75, 1]) {
    await wait(registry.stepMs, undefined, { signal: gone }).catch(() => {});
    if (gone.aborted) return;
    write({ status: 'pulling 667b0c1932bc', digest, total: totalBytes, completed: share * totalBytes });
  }
  for (const status of ['verifying sha256 digest', 'writing manifest']) write({ status });
  registry.install(name);
  write({ status: 'success' });
  response.end();
}
