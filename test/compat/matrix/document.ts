/** docs/compatibility.md, written from the rows of the matrix. */
import type { Dialect } from './answers.js';
import { backends, backendTitles, type BackendName } from './backends.js';
import type { Limit } from './feature.js';
import { features } from './features.js';
import { endpointRows, type EndpointRow } from './other-endpoints.js';

const titles: Readonly<Record<Dialect, string>> = {
  chat: '/v1/chat/completions',
  responses: '/v1/responses',
  messages: '/v1/messages',
  completions: '/v1/completions',
};

const intro = `# Compatibility

What each endpoint can do in front of each kind of upstream. Written from \`test/compat/matrix\`, where every cell is a test against a running suite, streamed and whole; after a change:
\`npx vitest run --project e2e test/compat/document.spec.ts -u\`.

- **yes**: works, whole and as a stream.
- **400 \`name\`**: refused with an error that names the parameter. With \`drop_params\` (in the request, under \`litellm_params\`, or for everything under \`litellm_settings\`) it is left out instead. A parameter at its neutral value (\`n: 1\`, \`seed: null\`) is never refused.
- **left out**: not sent, because nothing would be wrong without it. So are tools that OpenAI runs itself (\`web_search\` ...) where a request to \`/v1/responses\` offers others beside them; alone they are refused. Anthropic's own tools on \`/v1/messages\` and \`/v1/chat/completions\` (\`web_search_20250305\`, \`bash_20250124\` ...) go to Anthropic deployments as they are, with their calls, results and sources on the way back; other deployments of the model are passed over, and where there is no other the tool is refused by name, or left out under \`drop_params\`. Documents by address and stored files are taken by Anthropic only.

A feature that is not in an endpoint's table does not exist in that dialect.

*OpenAI-compatible* is any server behind \`openai/\` with an \`api_base\`; OpenAI itself, Groq, Mistral, DeepSeek, xAI and Gemini refuse some more, by the table in \`libs/wire/upstream-openai/flavour.ts\`. *local engine* is LM Studio, llama.cpp's server, vLLM or TGI, with a queue per host. What a model itself can do (tools, images, thinking) is asked of Ollama, or stands in \`model_info\`.
`;

const passedThrough = `Rerank, moderation, audio and images are passed through: every field that is not the gateway's own goes up as it came ([why](decisions/005-passed-through-fields.md)), and the answer comes back unchanged, files and events as they come. A model that is left out is the first of that mode which the key may use.
They are paid by \`output_cost_per_image\`, \`input_cost_per_second\`, \`input_cost_per_character\`, \`input_cost_per_query\` and by the tokens that the upstream reports; without a known price a key with a budget is refused, as everywhere. Where an upstream does not say how long a recording was, a WAVE file's header does, and other formats are counted at 64 kbit/s; set aside before is what it could be at 8 kbit/s.`;

/** The whole document. */
export function compatibilityDocument(): string {
  const generating = (['chat', 'responses', 'messages', 'completions'] as const).map(generatingSection);
  return [intro, ...generating, otherSection(), footnotes()].join('\n');
}

const head = (first: string) =>
  `| ${[first, ...backends.map((name) => backendTitles[name])].join(' | ')} |\n| ${['---', ...backends.map(() => '---')].join(' | ')} |`;

function generatingSection(dialect: Dialect): string {
  const rows = features
    .filter((feature) => feature.ask[dialect] !== undefined)
    .map((feature) => row(feature.name, (name) => cell(feature.limits?.[name])));
  return `## ${titles[dialect]}\n\n${[head('feature'), ...rows].join('\n')}\n`;
}

function otherSection(): string {
  const rows = endpointRows.map((endpoint) =>
    row(`/v1/${endpoint.path}: ${endpoint.name}`, (name) => cellOf(endpoint, name)),
  );
  return `## Vectors, audio, images, moderation, rerank\n\n${[head('endpoint'), ...rows].join('\n')}\n\n${passedThrough}\n`;
}

const cellOf = (endpoint: EndpointRow, name: BackendName) => cell(endpoint.limits[name]);

function row(title: string, cellFor: (name: BackendName) => string): string {
  return `| ${[title, ...backends.map(cellFor)].join(' | ')} |`;
}

function cell(limit: Limit | undefined): string {
  if (limit === undefined) return 'yes';
  return limit.kind === 'refused' ? `400 \`${limit.param}\`` : 'left out';
}

/** Why, once for each reason. */
function footnotes(): string {
  const reasons = [...features, ...endpointRows].flatMap(({ name, limits }) =>
    backends.flatMap((backend) => {
      const limit = limits?.[backend];
      const isEndpoint = limit?.kind === 'refused' && limit.param === 'model';
      return limit === undefined || isEndpoint ? [] : [{ key: `${name}|${limit.why}`, name, backend, limit }];
    }),
  );
  const grouped = [...new Map(reasons.map((reason) => [reason.key, reason])).values()];
  const lines = grouped.map(({ key, name, limit }) => {
    const where = reasons.filter((reason) => reason.key === key).map(({ backend }) => backendTitles[backend]);
    return `- ${name} (${where.length === backends.length ? 'everywhere' : where.join(', ')}): ${limit.why}.`;
  });
  return `## Why not\n\n- 400 \`model\`: that kind of upstream has no such endpoint, so no model of it can be asked.\n${lines.join('\n')}\n`;
}
