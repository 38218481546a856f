/** Local engines that speak OpenAI's API: LM Studio, llama.cpp's server, vLLM, TGI. They do not tell what is loaded. */
import { z } from 'zod';
import type { Backend, InferOpen } from '#contracts';
import { callUpstream, prepareOpenAiCall, UpstreamProblem, type PreparedParts } from '#upstream';
import { unseen, type Engine, type EngineView, type FillHeaders } from './engine.js';

const maxListBytes = 4 * 1024 * 1024;
const lookTimeoutMs = 5_000;

const ModelList = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      /** vLLM. */
      max_model_len: z.number().nullish(),
      /** llama.cpp's server. */
      meta: z.looseObject({ n_ctx_train: z.number().optional() }).nullish(),
    }),
  ),
});

export class OpenAiEngineClient implements Engine {
  private apiBase = '';
  private headers: Readonly<Record<string, string>> = {};
  readonly pull = null;

  /** `fillHeaders` puts the values of variables into a deployment's extra headers. */
  constructor(private readonly fillHeaders: FillHeaders) {}

  configure(backend: Backend, headers: Readonly<Record<string, string>>): void {
    this.apiBase = backend.apiBase;
    this.headers = headers;
  }

  prepare(open: InferOpen): PreparedParts {
    const address = {
      urlOf: (path: string) => `${this.apiBase}/${path}`,
      headers: { ...this.fillHeaders(open.attempt.extraHeaders), ...this.headers },
    };
    return prepareOpenAiCall(open, address, Date.now());
  }

  callsOf(): number {
    return 1;
  }

  async look(signal: AbortSignal): Promise<EngineView> {
    const startedAt = performance.now();
    const view = (reason: string | null, more: Partial<EngineView> = {}): EngineView => ({
      ...unseen,
      reachable: reason === null,
      reason,
      latencyMs: performance.now() - startedAt,
      ...more,
    });
    try {
      const response = await callUpstream({
        method: 'GET',
        url: `${this.apiBase}/models`,
        headers: this.headers,
        body: null,
        signal: AbortSignal.any([signal, AbortSignal.timeout(lookTimeoutMs)]),
      });
      const text = await response.text(maxListBytes);
      if (response.status === 401 || response.status === 403) return view('The backend refuses the credentials.');
      if (response.status >= 500) return view(`The backend answers with status ${response.status}.`);
      // A 404 only says that this engine has no list.
      return view(null, { installed: response.status === 200 ? readModels(text) : null });
    } catch (error) {
      return view(error instanceof UpstreamProblem ? error.failure.message : 'The backend did not answer in time.');
    }
  }

  async lookLoaded(): Promise<null> {
    return null;
  }

  async load(): Promise<boolean> {
    return false;
  }
}

function readModels(text: string): EngineView['installed'] {
  try {
    const parsed = ModelList.safeParse(JSON.parse(text));
    if (!parsed.success) return null;
    return parsed.data.data.map((model) => ({
      name: model.id,
      sizeBytes: null,
      contextLength: model.max_model_len ?? model.meta?.n_ctx_train ?? null,
      capabilities: null,
    }));
  } catch {
    return null;
  }
}
