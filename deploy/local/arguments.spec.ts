import { expect, test } from 'vitest';
import { parseArguments, UsageError } from './arguments.mjs';

test('without arguments everything has its default', () => {
  expect(parseArguments([])).toMatchObject({ port: 4000, dataDir: './data', ui: false, debug: false, notes: [] });
  expect(parseArguments([]).host).toBeUndefined();
});

test.each([
  [['--config', 'a.yaml', '--port', '8080', '--host', '::1'], { config: 'a.yaml', port: 8080, host: '::1' }],
  [['--config=a=b.yaml', '--port=0'], { config: 'a=b.yaml', port: 0 }],
  [['-c', 'a.yaml'], { config: 'a.yaml' }],
  [
    ['--data_dir', '/d', '--cors_origins', 'https://a,https://b'],
    { dataDir: '/d', corsOrigins: 'https://a,https://b' },
  ],
  [['--ui', '--debug'], { ui: true, debug: true }],
  [['--detailed_debug'], { debug: true }],
])('%j', (argv, wanted) => {
  expect(parseArguments(argv)).toMatchObject(wanted);
});

test('flags of LiteLLM that mean something else here get one line each', () => {
  expect(parseArguments(['--num_workers', '8', '--detailed_debug']).notes).toHaveLength(2);
});

test.each([
  [['--prot', '5'], 'unknown argument --prot'],
  [['serve'], 'unknown argument serve'],
  [['--ui=yes'], 'unknown argument --ui=yes'],
  [['--port'], '--port needs a value'],
  [['--config', '--ui'], '--config needs a value'],
  [['--port', 'x'], '--port needs a number'],
  [['--port', '65536'], '--port needs a number'],
  [['--port', '-1'], '--port needs a number'],
  [['--cors-origins', 'chat.example'], '--cors-origins needs origins'],
  [['--cors-origins', 'https://a/page'], '--cors-origins needs origins'],
])('%j is refused', (argv, message) => {
  expect(() => parseArguments(argv)).toThrow(UsageError);
  expect(() => parseArguments(argv)).toThrow(message);
});

test('the arguments of a container for LiteLLM, behind those of the image', () => {
  const argv = ['--data-dir', '/data', '--config', '/app/config.yaml', '--port', '4000'];
  expect(parseArguments(argv)).toMatchObject({ config: '/app/config.yaml', port: 4000, dataDir: '/data' });
});
