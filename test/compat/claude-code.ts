/** Requests of Claude Code 2.0, as it sends them. */
const mark = { cache_control: { type: 'ephemeral' } };
const metadata = { user_id: 'user_0123_account__session_4567' };

export const claudeCodeHeaders = {
  'anthropic-version': '2023-06-01',
  'anthropic-beta': 'claude-code-20250219,interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14',
  'anthropic-dangerous-direct-browser-access': 'true',
  'user-agent': 'claude-cli/2.0.0 (external, cli)',
  'x-app': 'cli',
  'x-stainless-helper-method': 'stream',
};

const tools = [
  {
    name: 'Read',
    description: 'Reads a file',
    input_schema: {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: { file_path: { type: 'string' } },
      required: ['file_path'],
      additionalProperties: false,
    },
  },
];

const messages = [
  {
    role: 'user',
    content: [
      { type: 'text', text: '<system-reminder>\nUse the tools.\n</system-reminder>' },
      { type: 'text', text: 'Read a.txt', ...mark },
    ],
  },
  {
    role: 'assistant',
    content: [{ type: 'tool_use', id: 'toolu_1', name: 'Read', input: { file_path: '/a.txt' } }],
  },
  {
    role: 'user',
    content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'text', text: 'hello' }], ...mark }],
  },
];

/** Its first request: whether the key may ask at all. */
export const quotaRequest = (model: string) => ({
  model,
  max_tokens: 1,
  messages: [{ role: 'user', content: 'quota' }],
  metadata,
});

export const countRequest = (model: string) => ({ model, messages, tools });

/** A turn after a tool. */
export const turnRequest = (model: string) => ({
  model,
  messages,
  temperature: 1,
  system: [
    { type: 'text', text: "You are Claude Code, Anthropic's official CLI for Claude.", ...mark },
    { type: 'text', text: 'You are an interactive CLI tool.', ...mark },
  ],
  tools,
  metadata,
  max_tokens: 4_000,
  stream: true,
});
