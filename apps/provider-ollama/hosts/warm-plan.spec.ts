import { expect, it } from 'vitest';
import { Residency } from '../queue/residency.js';
import { nextToWarm } from './warm-plan.js';

const model = (key: string) => ({ key, upstreamModel: key, params: {} });

it('brings back what is missing, in the order of the config', () => {
  const residency = new Residency();
  expect(nextToWarm([model('a'), model('b')], residency)?.key).toBe('a');
  residency.observe(['a']);
  expect(nextToWarm([model('a'), model('b')], residency)?.key).toBe('b');
  residency.observe(['a', 'b']);
  expect(nextToWarm([model('a'), model('b')], residency)).toBeNull();
});

it('does not let two models that do not fit together push each other out for ever', () => {
  const residency = new Residency();
  residency.observe(['a']);
  residency.observe(['b']);
  expect(nextToWarm([model('a'), model('b')], residency)).toBeNull();
});
