import { describe, expect, it } from 'vitest';
import { closestName, didYouMean } from './closest-name.js';

const known = ['model_list', 'router_settings', 'rpm', 'tpm', 'api_base', 'timeout'];

describe('closestName', () => {
  it.each([
    ['model_lst', 'model_list'],
    ['Router_Settings', 'router_settings'],
    ['api_bsae', 'api_base'],
    ['timeuot', 'timeout'],
    ['rpn', 'rpm'],
    ['something_else', null],
    ['x', null],
  ])('%s -> %s', (name, expected) => {
    expect(closestName(name, known)).toBe(expected);
  });

  it('makes a sentence of it, or nothing', () => {
    expect([didYouMean('rpn', known), didYouMean('zzz', known)]).toEqual([" Did you mean 'rpm'?", '']);
  });
});
