/** The command against a fake OpenRouter, with config files on disk. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OpenAiUpstream } from '#testing';
import { runModelsCommand } from './models-command.client.js';

const folder = mkdtempSync(join(tmpdir(), 'signalbox-models-'));
const file = join(folder, 'config.yaml');
const handy = {
  context_length: 262_144,
  supported_parameters: ['tools', 'reasoning'],
  pricing: { prompt: '0', completion: '0' },
};
let openRouter: OpenAiUpstream;

beforeAll(async () => {
  openRouter = await OpenAiUpstream.start({
    flavour: 'openrouter',
    apiKey: 'sk-or-1',
    models: ['qwen/qwen3-coder:free', 'meta/llama-4:free', 'kept/model:free', 'meta/llama-3', 'openai/gpt-4o'],
    listing: {
      'qwen/qwen3-coder:free': handy,
      'meta/llama-4:free': { context_length: 131_072, pricing: { prompt: '0', completion: '0' } },
      'kept/model:free': { expiration_date: '2099-01-01' },
      'meta/llama-3': { pricing: { prompt: '0.0000001', completion: '0.0000003' } },
    },
  });
});
afterAll(async () => {
  await openRouter?.stop();
  rmSync(folder, { recursive: true });
});

const config = `# free ones first
model_list:
  - model_name: chat          # the household's
    litellm_params: {model: openrouter/meta/llama-3:free, rpm: 10}
    model_info: {max_input_tokens: 200000}
  - model_name: code
    litellm_params:
      model: "openrouter/old/coder:free" # fast
  - model_name: kept
    litellm_params: {model: openrouter/kept/model:free}
  - model_name: paid
    litellm_params: {model: openrouter/not/listed}
router_settings: {fallbacks: [{code: [chat]}]}
`;

beforeEach(() => writeFileSync(file, config));

async function run(args: readonly string[], env: Record<string, string> = {}) {
  const lines: string[] = [];
  const variables = { OPENROUTER_API_KEY: 'sk-or-1', OPENROUTER_API_BASE: `${openRouter.url}/api/v1`, ...env };
  const code = await runModelsCommand(args, { print: (line) => lines.push(line), env: variables });
  return { code, lines, output: lines.join('\n'), text: readFileSync(file, 'utf8') };
}

describe('models refresh', () => {
  it('shows what is gone and what could replace it, and changes nothing', async () => {
    const { code, lines, text } = await run(['refresh', file]);
    expect(code).toBe(0);
    expect(lines).toEqual([
      `${openRouter.url}/api/v1: 2 of 3 configured free models are gone`,
      'chat (model_list[0]): meta/llama-3:free is no longer offered',
      '  replace it by qwen/qwen3-coder:free: 262k context, tools, thinking; data policy may-train',
      '  or by         meta/llama-4:free: 131k context; data policy may-train; less than the 200000 tokens of the config',
      '  it stays for money as meta/llama-3 ($0.1 in, $0.3 out per million tokens)',
      'code (model_list[1]): old/coder:free is no longer offered',
      '  replace it by meta/llama-4:free: 131k context; data policy may-train',
      'kept (model_list[2]): kept/model:free goes on 2099-01-01',
      `Nothing was changed. With --write the first of each is put into ${file}.`,
    ]);
    expect(text).toBe(config);
  });

  it('writes the first of each, and keeps everything else as it stands', async () => {
    const { code, output, text } = await run(['refresh', '--write', '--config', file]);
    expect(code).toBe(0);
    expect(text).toBe(
      config.replace('meta/llama-3:free', 'qwen/qwen3-coder:free').replace('old/coder:free', 'meta/llama-4:free'),
    );
    expect(output).toContain(`${file}:4: openrouter/meta/llama-3:free -> openrouter/qwen/qwen3-coder:free`);
    const again = await run(['refresh', file, '--write']);
    expect(again).toMatchObject({ code: 0, text, lines: [expect.stringContaining('0 of 3'), expect.anything()] });
  });

  it('writes included files too', async () => {
    writeFileSync(file, 'include: [free.yaml]\n');
    writeFileSync(join(folder, 'free.yaml'), config);
    expect((await run(['refresh', file, '--write'])).code).toBe(0);
    expect(readFileSync(join(folder, 'free.yaml'), 'utf8')).toContain('openrouter/qwen/qwen3-coder:free');
    expect(readFileSync(file, 'utf8')).toBe('include: [free.yaml]\n');
  });

  it('says where a name stands in a variable', async () => {
    writeFileSync(file, 'model_list: [{model_name: a, litellm_params: {model: os.environ/FREE_ONE}}]\n');
    const { code, output } = await run(['refresh', file, '--write'], { FREE_ONE: 'openrouter/old/coder:free' });
    expect(code).toBe(1);
    expect(output).toContain('old/coder:free does not stand in the file as it is');
  });

  it('has nothing to do without free models, and asks nobody', async () => {
    writeFileSync(file, 'model_list: [{model_name: a, litellm_params: {model: openrouter/x/paid}}]\n');
    const before = openRouter.requests.length;
    expect(await run(['refresh', file])).toMatchObject({ code: 0, output: expect.stringContaining('no free models') });
    expect(openRouter.requests).toHaveLength(before);
  });

  it.each([
    ['a wrong key', { OPENROUTER_API_KEY: 'sk-or-2' }, 'it answers with status 401'],
    ['nobody there', { OPENROUTER_API_BASE: 'http://127.0.0.1:9/api/v1' }, 'it cannot be reached'],
  ])('changes nothing with %s', async (_name, env, reason) => {
    const { code, output, text } = await run(['refresh', file, '--write'], env);
    expect(code).toBe(1);
    expect(output).toContain(reason);
    expect(text).toBe(config);
  });

  it('changes nothing in a file that cannot be used', async () => {
    writeFileSync(file, 'model_list:\n  - model_name: a\n');
    expect(await run(['refresh', file, '--write'])).toMatchObject({
      code: 1,
      output: expect.stringContaining(`${file}:2: error`),
    });
  });

  it.each([[[]], [['what']], [['refresh', 'a', 'b']], [['refresh', '--what']]])(
    'shows its usage for %j',
    async (args) => {
      expect(await run(args)).toMatchObject({ code: 2, output: expect.stringContaining('signalbox models refresh') });
    },
  );
});
