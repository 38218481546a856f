import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calls, chunk, decode, doneLine } from '../__fixtures__/openai-stream.js';
import { summary } from '../__fixtures__/recording.js';

describe('streamed tool calls', () => {
  const read = (...chunks: readonly object[]) => {
    let made = 0;
    const events = decode([...chunks, chunk({}, 'tool_calls'), doneLine], { makeId: () => `made_${++made}` });
    const starts = events.filter((event) => event.type === 'tool-call-start');
    expect(starts.map((start) => start.index)).toEqual(starts.map((_start, index) => index));
    return summary(events).calls;
  };
  const f = (args: string, name?: string) => ({
    function: { ...(name === undefined ? {} : { name }), arguments: args },
  });

  it('joins fragments by index', () => {
    expect(
      read(
        calls({ index: 0, id: 'a', ...f('', 'f') }),
        calls({ index: 0, ...f('{"x"') }),
        calls({ index: 1, id: 'b', ...f('{}', 'g') }),
        calls({ index: 0, ...f(':1}') }),
      ),
    ).toEqual([
      { id: 'a', name: 'f', arguments: '{"x":1}' },
      { id: 'b', name: 'g', arguments: '{}' },
    ]);
  });

  it.each([
    [
      'no index, ids tell calls apart',
      [{ id: 'a', ...f('{"x":', 'f') }, f('1}'), { id: 'b', ...f('{}', 'g') }],
      [
        ['a', 'f', '{"x":1}'],
        ['b', 'g', '{}'],
      ],
    ],
    [
      'one index for two calls',
      [
        { index: 0, id: 'a', ...f('{"x":1}', 'f') },
        { index: 0, id: 'b', ...f('{"y":2}', 'f') },
      ],
      [
        ['a', 'f', '{"x":1}'],
        ['b', 'f', '{"y":2}'],
      ],
    ],
    [
      'one index, no ids, whole calls',
      [
        { index: 0, ...f('{"x":1}', 'f') },
        { index: 0, ...f('{"y":2}', 'f') },
      ],
      [
        ['made_1', 'f', '{"x":1}'],
        ['made_2', 'f', '{"y":2}'],
      ],
    ],
    [
      'a name on every fragment',
      [
        { index: 0, id: 'a', ...f('{"x"', 'f') },
        { index: 0, id: 'a', ...f(':1}', 'f') },
        { index: 0, ...f('', 'f') },
      ],
      [['a', 'f', '{"x":1}']],
    ],
    [
      'a new id on every fragment',
      [
        { index: 0, id: 'a', ...f('{"x"', 'f') },
        { index: 0, id: 'b', ...f(':1}') },
      ],
      [['a', 'f', '{"x":1}']],
    ],
    ['no id at all', [{ index: 0, ...f('{}', 'f') }], [['made_1', 'f', '{}']]],
    ['an empty id', [{ index: 0, id: '', ...f('{}', 'f') }], [['made_1', 'f', '{}']]],
    [
      'the name after the id',
      [
        { index: 0, id: 'a', ...f('{"x"') },
        { index: 0, ...f(':1}', 'f') },
      ],
      [['a', 'f', '{"x":1}']],
    ],
    ['no arguments', [{ index: 0, id: 'a', ...f('', 'f') }], [['a', 'f', '{}']]],
    ['an object', [{ index: 0, id: 'a', function: { name: 'f', arguments: { x: 1 } } }], [['a', 'f', '{"x":1}']]],
    [
      'indexes that start at 1',
      [
        { index: 1, id: 'a', ...f('{}', 'f') },
        { index: 2, id: 'b', ...f('{}', 'g') },
      ],
      [
        ['a', 'f', '{}'],
        ['b', 'g', '{}'],
      ],
    ],
    ['no name ever', [{ index: 0, id: 'a', ...f('{}') }], []],
  ])('%s', (_name, fragments, expected) => {
    expect(
      read(...fragments.map((fragment) => calls(fragment))).map((call) => [call.id, call.name, call.arguments]),
    ).toEqual(expected);
    // All fragments in one chunk are the same.
    expect(read(calls(...fragments)).map((call) => [call.id, call.name, call.arguments])).toEqual(expected);
  });

  it('reads the retired function_call', () => {
    expect(
      read(chunk({ function_call: { name: 'f', arguments: '{"x"' } }), chunk({ function_call: { arguments: ':1}' } })),
    ).toEqual([{ id: 'made_1', name: 'f', arguments: '{"x":1}' }]);
  });

  it('puts any cut of the arguments together again (property)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.json(), fc.array(fc.nat(50), { maxLength: 5 })), { minLength: 1, maxLength: 4 }),
        (specs) => {
          const fragments = specs.flatMap(([value, places], index) => {
            const text = JSON.stringify({ value });
            const ends = [...places.map((place) => place % (text.length + 1)), text.length].sort((a, b) => a - b);
            const parts = ends.map((end, i) => text.slice(ends[i - 1] ?? 0, end));
            return parts.map((part, i) =>
              calls({ index, ...(i === 0 ? { id: `id${index}` } : {}), ...f(part, i === 0 ? 'f' : undefined) }),
            );
          });
          expect(read(...fragments).map((call) => call.arguments)).toEqual(
            specs.map(([value]) => JSON.stringify({ value })),
          );
        },
      ),
    );
  });
});
