import type OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { decode, encodeStream, eventData, options } from '../openai/answers.fixtures.js';
import { collectAnswer } from '../openai/collect-answer.js';
import { encodeWhole } from '../openai/create-encoder.js';
import { parseResponsesBody } from './request.js';

const answered = [
  { type: 'text-delta', choice: 0, text: 'Hello' },
  { type: 'finish', choice: 0, reason: 'stop' },
  { type: 'end' },
] as const;

function settingsOf(body: object) {
  const parsed = parseResponsesBody({ model: 'm', input: 'Hi', ...body });
  if (parsed.kind === 'invalid') throw new Error(parsed.message);
  return parsed.value.answerSettings ?? {};
}

function responseTo(body: object): Partial<OpenAI.Responses.Response> {
  const encoderOptions = { ...options, settings: settingsOf(body) };
  return JSON.parse(decode(encodeWhole('openai-responses', collectAnswer(answered), encoderOptions))) as object;
}

const body = {
  instructions: 'Be brief.',
  temperature: 0.3,
  top_p: 0.9,
  max_output_tokens: 50,
  parallel_tool_calls: false,
  tools: [{ type: 'function', name: 'f', description: 'd' }],
  tool_choice: { type: 'function', name: 'f' },
  reasoning: { effort: 'low' },
  text: { format: { type: 'json_object' }, verbosity: 'low' },
  truncation: 'auto',
  metadata: { run: '7' },
  user: 'ann',
  service_tier: 'flex',
  safety_identifier: 's',
  prompt_cache_key: 'p',
};

describe('a response', () => {
  it('repeats the settings of its request', () => {
    expect(responseTo(body)).toMatchObject({
      ...body,
      tools: [{ type: 'function', name: 'f', description: 'd', parameters: null, strict: null }],
      reasoning: { effort: 'low', summary: null },
      status: 'completed',
      previous_response_id: null,
    });
  });

  it('names the defaults where nothing was said', () => {
    expect(responseTo({})).toMatchObject({
      instructions: null,
      temperature: null,
      top_p: null,
      max_output_tokens: null,
      parallel_tool_calls: true,
      tools: [],
      tool_choice: 'auto',
      reasoning: { effort: null, summary: null },
      text: { format: { type: 'text' } },
      truncation: 'disabled',
      metadata: {},
    });
  });

  it('repeats them in each event of a stream, but none of the gateway and none that it does not know', () => {
    const settings = settingsOf({ ...body, api_version: 'x', cache: { ttl: 1 }, num_retries: 2, store: true });
    const events = eventData(encodeStream('openai-responses', answered, { settings })) as { response?: object }[];
    const responses = events.flatMap((event) => event.response ?? []);
    expect(responses.length).toBe(3);
    for (const response of responses) {
      expect(response).toMatchObject({ temperature: 0.3, instructions: 'Be brief.', store: false });
      for (const name of ['cache', 'num_retries', 'api_version']) expect(response).not.toHaveProperty(name);
    }
  });
});
