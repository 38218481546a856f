import { expect, it } from 'vitest';
import type { UsageNotice } from '#contracts';
import { Metrics } from '#telemetry';
import { countAnswer } from './answer-metrics.js';
import { nothingUsed } from './settlement.publisher.js';

function notice(finishReason: string | null, inputTokens = 0, outputTokens = 0): UsageNotice {
  return {
    usage: { ...nothingUsed, inputTokens, outputTokens },
    costNanoUsd: null,
    costSource: 'unknown',
    upstreamModel: null,
    finishReason,
    firstTokenMs: null,
    durationMs: 1,
    loadMs: null,
    tokensPerSecond: null,
    durable: true,
  };
}

async function shown(tell: (metrics: Metrics) => void, name: string): Promise<string[]> {
  const metrics = new Metrics({ service: 'test', version: '1', processMetrics: false });
  tell(metrics);
  return (await metrics.text()).split('\n').filter((line) => line.startsWith(name));
}

it.each([
  ['stop', 'delivered', 'stop'],
  ['length', 'left', 'length'],
  ['tool_calls', 'delivered', 'tool_calls'],
  ['content_filter', 'delivered', 'content_filter'],
  ['a reason that somebody made up', 'delivered', 'other'],
  [null, 'delivered', 'other'],
  [null, 'left', 'other'],
  ['stop', 'failed', 'error'],
  [null, 'failed', 'error'],
] as const)('%s, %s: counts as %s', async (reason, ended, label) => {
  const tell = (metrics: Metrics) => countAnswer(metrics, 'm', notice(reason), ended);
  expect(await shown(tell, 'signalbox_finish_reasons_total')).toEqual([
    `signalbox_finish_reasons_total{model="m",finish_reason="${label}"} 1`,
  ]);
});

it('an attempt of which nothing was heard counts too', async () => {
  const tell = (metrics: Metrics) => countAnswer(metrics, 'm', null, 'failed');
  expect(await shown(tell, 'signalbox_finish_reasons_total{')).toHaveLength(1);
});

it('lengths are those of delivered answers, and an answer without tokens has none', async () => {
  const tell = (metrics: Metrics) => {
    countAnswer(metrics, 'm', notice('stop', 300, 20), 'delivered');
    countAnswer(metrics, 'm', notice(null, 50, 0), 'delivered');
    countAnswer(metrics, 'm', notice(null, 9_000, 9_000), 'left');
    countAnswer(metrics, 'm', notice(null, 9_000, 9_000), 'failed');
  };
  expect(await shown(tell, 'signalbox_prompt_tokens_sum')).toEqual(['signalbox_prompt_tokens_sum{model="m"} 350']);
  expect(await shown(tell, 'signalbox_answer_tokens_bucket{le="16"')).toEqual([
    'signalbox_answer_tokens_bucket{le="16",model="m"} 0',
  ]);
  expect(await shown(tell, 'signalbox_answer_tokens_count')).toEqual(['signalbox_answer_tokens_count{model="m"} 1']);
});
