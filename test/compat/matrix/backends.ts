/** The kinds of upstream of the matrix: one of each, with the deployment that leads to it. */
import { AnthropicUpstream, OllamaUpstream, OpenAiUpstream, type LoggedRequest, type Script } from '#testing';

export const backends = ['ollama', 'openai', 'openrouter', 'anthropic', 'engine'] as const;
export type BackendName = (typeof backends)[number];

/** How the document names them. */
export const backendTitles: Readonly<Record<BackendName, string>> = {
  ollama: 'Ollama',
  openai: 'OpenAI-compatible',
  openrouter: 'OpenRouter',
  anthropic: 'Anthropic',
  engine: 'local engine',
};

interface Upstream {
  readonly script: Script;
  readonly requests: readonly LoggedRequest[];
  stop(): Promise<void>;
}

export interface Fleet {
  readonly upstreams: Readonly<Record<BackendName, Upstream>>;
  readonly modelList: readonly object[];
  stop(): Promise<void>;
}

/** Starts one upstream of each kind. The deployment of each has its name; `NAME-vectors` is its embedding model, `NAME-MODE` one of another mode. */
export async function startFleet(): Promise<Fleet> {
  const [ollama, openai, openrouter, anthropic, engine] = await Promise.all([
    OllamaUpstream.start({
      models: [
        { name: 'm:1b', capabilities: ['completion', 'tools', 'insert', 'thinking', 'vision'] },
        { name: 'v:1b', capabilities: ['embedding'] },
      ],
    }),
    OpenAiUpstream.start({ flavour: 'generic' }),
    OpenAiUpstream.start({ flavour: 'openrouter' }),
    AnthropicUpstream.start(),
    OpenAiUpstream.start({ flavour: 'generic' }),
  ]);
  const upstreams = { ollama, openai, openrouter, anthropic, engine };
  const places = {
    ollama: { prefix: 'ollama', model: 'm:1b', vectors: 'v:1b', params: { api_base: ollama.url } },
    openai: { prefix: 'openai', model: 'm', vectors: 'v', params: { api_base: `${openai.url}/v1`, api_key: 'sk-up' } },
    openrouter: {
      prefix: 'openrouter',
      model: 'maker/m',
      vectors: 'maker/v',
      params: { api_base: `${openrouter.url}/api/v1`, api_key: 'sk-or-up' },
    },
    anthropic: {
      prefix: 'anthropic',
      model: 'claude-sonnet-4-5',
      vectors: 'none',
      params: { api_base: anthropic.url, api_key: 'sk-ant-up' },
    },
    engine: { prefix: 'lm_studio', model: 'm', vectors: 'v', params: { api_base: `${engine.url}/v1` } },
  } as const;
  const modelList = backends.flatMap((name) => {
    const { prefix, model, vectors, params } = places[name];
    const entry = (suffix: string, upstreamModel: string, mode: string) => ({
      model_name: `${name}${suffix}`,
      litellm_params: { model: `${prefix}/${upstreamModel}`, ...params },
      model_info: { mode },
    });
    return [
      entry('', model, 'chat'),
      entry('-vectors', vectors, 'embedding'),
      ...otherModes.map((mode) => entry(`-${mode}`, `${model}-${mode}`, mode)),
    ];
  });
  return {
    upstreams,
    modelList,
    stop: async () => {
      await Promise.all(Object.values(upstreams).map((upstream) => upstream.stop()));
    },
  };
}

export const otherModes = ['rerank', 'audio_speech', 'audio_transcription', 'image_generation', 'moderation'] as const;
