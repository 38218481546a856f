import { expect, it } from 'vitest';
import { allowedMethods } from './allowed-methods.js';

const methods = allowedMethods([
  { method: 'POST', path: '/v1/chat/completions' },
  { method: 'GET', path: '/key/info' },
  { method: 'POST', path: '/key/{key}/regenerate' },
  { method: 'GET', path: '/thing' },
  { method: 'DELETE', path: '/thing' },
  { method: 'GET', path: '/openapi.json' },
  { method: 'GET', path: '/' },
]);

it.each([
  ['/v1/chat/completions', ['POST']],
  ['/v1/chat/completions/', ['POST']],
  ['/key/sk-1/regenerate', ['POST']],
  ['/thing', ['DELETE', 'GET']],
  ['/', ['GET']],
  ['/openapi.json', ['GET']],
  ['/openapiXjson', []],
  ['/key/a/b/regenerate', []],
  ['/v1/chat', []],
  ['/nothing', []],
])('%s has %j', (path, expected) => expect(methods(path)).toEqual(expected));
