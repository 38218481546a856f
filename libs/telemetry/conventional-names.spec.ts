import { expect, it } from 'vitest';
import { conventionalFamilies } from './conventional-names.js';
import { genAi } from './gen-ai.js';

it('buckets are the ones that the conventions prescribe', () => {
  const { gen_ai_server_request_duration_seconds: duration, gen_ai_client_token_usage: tokens } = conventionalFamilies;
  expect(duration.buckets).toEqual([
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
  ]);
  expect(tokens.buckets.slice(0, 4)).toEqual([1, 4, 16, 64]);
  expect(tokens.buckets.at(-1)).toBe(67_108_864);
});

it('labels are attributes of the conventions, with underscores', () => {
  const names = [genAi.operationName, genAi.providerName, genAi.requestModel, genAi.responseModel, 'gen_ai.token.type'];
  const attributes = new Set([...names, 'error.type'].map((name) => name.replaceAll('.', '_')));
  const labels = Object.values(conventionalFamilies).flatMap((family): readonly string[] => family.labels);
  expect(labels.filter((label) => !attributes.has(label))).toEqual([]);
});
