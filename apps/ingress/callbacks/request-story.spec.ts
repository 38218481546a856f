import { describe, expect, it } from 'vitest';
import { attemptAttributes, attemptName, requestAttributes, requestName, type RequestStory } from './request-story.js';

const usage = {
  inputTokens: 100,
  cachedInputTokens: 40,
  cacheWriteTokens: 10,
  outputTokens: 30,
  reasoningTokens: 5,
  source: 'upstream' as const,
};
const attempt = {
  provider: 'openai',
  upstreamModel: 'gpt-4o-mini',
  backendId: 'openai-1',
  startedAt: 1_000,
  endedAt: 2_000,
  firstContentAt: 1_500,
  usage,
  costUsd: 0.25,
  finishReason: 'stop',
  errorCode: null,
};
const story: RequestStory = {
  requestId: 'r1',
  traceId: 'a'.repeat(32),
  endpoint: 'openai-chat',
  operation: 'chat',
  model: 'smart',
  stream: true,
  startedAt: 900,
  endedAt: 2_100,
  errorCode: null,
  key: { id: 'k1', alias: 'laptop' },
  team: { id: 't1', alias: 'family' },
  user: 'anna',
  tags: ['home'],
  metadata: { session_id: 's1', trace_user_id: 'berta', colour: 'green', depth: { a: 1 }, tags: ['home'] },
  parameters: { temperature: 0.5 },
  input: null,
  output: null,
  attempts: [attempt],
};

describe('for Langfuse', () => {
  it('a request has its user, session, tags and metadata', () => {
    expect(requestAttributes(story, 'langfuse')).toMatchObject({
      'session.id': 's1',
      'user.id': 'berta',
      'langfuse.trace.name': 'chat smart',
      'langfuse.trace.tags': ['home'],
      'langfuse.trace.metadata.colour': 'green',
      'langfuse.trace.metadata.depth': '{"a":1}',
      'langfuse.trace.metadata.user_api_key_alias': 'laptop',
    });
    expect(Object.keys(requestAttributes(story, 'langfuse'))).not.toContain('langfuse.trace.metadata.session_id');
  });

  it('an attempt is a generation with tokens that add up and its cost', () => {
    const attributes = attemptAttributes(story, attempt, 'langfuse');
    expect(attributes).toMatchObject({
      'langfuse.observation.type': 'generation',
      'langfuse.observation.model.name': 'gpt-4o-mini',
      'langfuse.observation.cost_details': '{"total":0.25}',
      'langfuse.observation.completion_start_time': '"1970-01-01T00:00:01.500Z"',
      'langfuse.observation.model.parameters': '{"temperature":0.5}',
    });
    const details = JSON.parse(String(attributes['langfuse.observation.usage_details']));
    expect(details).toEqual({
      input: 50,
      output: 25,
      input_cached_tokens: 40,
      input_cache_creation: 10,
      output_reasoning_tokens: 5,
      total: 130,
    });
  });

  it('a failure is an error with its code and never a message', () => {
    const failed = { ...attempt, usage: null, costUsd: null, errorCode: 'upstream_timeout' };
    expect(attemptAttributes(story, failed, 'langfuse')).toMatchObject({
      'error.type': 'upstream_timeout',
      'langfuse.observation.level': 'ERROR',
      'langfuse.observation.status_message': 'upstream_timeout',
    });
  });
});

it.each(['langfuse', 'openinference', 'plain'] as const)('%s gets no content that was not allowed', (flavour) => {
  const told = { ...story, input: 'a question', output: 'an answer' };
  const text = (one: RequestStory) =>
    JSON.stringify([requestAttributes(one, flavour), attemptAttributes(one, attempt, flavour)]);
  expect(text(story)).not.toContain('input.value');
  expect(text(story)).not.toMatch(/\.(input|output)":/);
  if (flavour === 'plain') expect(text(told)).not.toContain('a question');
  else expect(text(told)).toContain('a question');
});

it('names itself as the client wishes', () => {
  const named = { ...story, metadata: { trace_name: 'my trace', generation_name: 'my step' } };
  expect([requestName(named), attemptName(named, attempt)]).toEqual(['my trace', 'my step']);
  expect([requestName(story), attemptName(story, attempt)]).toEqual(['chat smart', 'chat gpt-4o-mini']);
});

it('for OpenInference an attempt is an LLM call', () => {
  expect(attemptAttributes(story, attempt, 'openinference')).toMatchObject({
    'openinference.span.kind': 'LLM',
    'llm.token_count.prompt': 100,
    'llm.token_count.completion': 30,
    'llm.token_count.total': 130,
  });
});

it('keeps hostile metadata within bounds', () => {
  const metadata = Object.fromEntries(
    Array.from({ length: 500 }, (_, n) => [`${'k'.repeat(200)}${String(n)}`, 'x'.repeat(5_000)]),
  );
  const attributes = requestAttributes({ ...story, metadata }, 'langfuse');
  expect(JSON.stringify(attributes).length).toBeLessThan(50_000);
});
