import { describe, expect, it } from 'vitest';
import { formatOf, shownLine } from './log-lines.mjs';

const line = (level: string, fields: object = {}) =>
  JSON.stringify({ level, time: '2026-11-21T06:08:08.208Z', service: 'router', ...fields, msg: 'slow' });
const text = { format: 'text', isVerbose: false, hasColours: false } as const;
const json = { ...text, format: 'json' } as const;
const all = { ...text, isVerbose: true } as const;

describe('what is shown', () => {
  it.each([
    ['a warning', line('warn'), true, true],
    ['an error', line('error'), true, true],
    ['a host that is back', line('info', { event: 'backend' }), true, true],
    ['the line of a request', line('info', { event: 'request' }), false, true],
    ['how a service starts', line('info'), false, false],
    ['what only debugging tells', line('debug'), false, false],
    ['what a service says without its logger', 'Error: no memory', true, true],
    ['a text that only looks like a level', line('info', { reason: '{"level":"warn"' }), false, false],
  ])('%s', (_, said, onTerminal, inPipe) => {
    expect(shownLine('router', said, text) !== undefined).toBe(onTerminal);
    expect(shownLine('router', said, json) !== undefined).toBe(inPipe);
    expect(shownLine('router', said, all)).toBeDefined();
  });
});

describe('for people', () => {
  it('a time, how bad it is, what happened, and plain fields', () => {
    const fields = { backend: 'gpu-1', reason: 'It did not answer.', none: null, ms: 7 };
    const said = shownLine('health', line('warn', fields), text);
    expect(said).toMatch(/^health {10}\d\d:\d\d:08 warning: slow backend=gpu-1 reason="It did not answer\." ms=7$/);
  });

  it('of an error its message, not its stack', () => {
    const err = { type: 'Error', message: 'gone', stack: 'Error: gone\n    at x' };
    expect(shownLine('router', line('error', { err }), text)).toMatch(/error: slow err="gone"$/);
  });

  it('in colour on a terminal', () => {
    const said = shownLine('router', line('warn', { ms: 7 }), { ...text, hasColours: true });
    expect(said?.replaceAll('\u001B', '^')).toMatch(
      /^\^\[\d+mrouter {9}\^\[0m .* \^\[33mwarning: slow\^\[0m \^\[2mms=7\^\[0m$/,
    );
  });

  it('what cannot be read, as it is', () => {
    expect(shownLine('router', '{broken', text)).toBe('router          {broken');
    expect(shownLine('router', '{broken', json)).toBe('{broken');
    expect(shownLine('postgres', 'ERROR:  no', json)).toBe('postgres: ERROR:  no');
  });
});

it.each([
  [undefined, true, 'text'],
  [undefined, false, 'json'],
  ['json', true, 'json'],
  ['text', false, 'text'],
  ['xml', false, 'json'],
])('SIGNALBOX_LOG_FORMAT=%s, terminal %s: %s', (asked, isTerminal, format) => {
  expect(formatOf(asked, isTerminal)).toBe(format);
});
