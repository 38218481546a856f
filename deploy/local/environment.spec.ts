import { expect, test } from 'vitest';
import { environmentOf, SERVICES, type Facts } from './environment.mjs';

const caller = {
  PATH: '/bin',
  OLLAMA_HOST: 'http://gpu:11434',
  OPENAI_API_KEY: 'sk-openai',
  GROQ: 'gsk-named-by-the-config',
  GROQ_KEY_FILE: '/run/secrets/groq',
  HOUSE: 'sk-house',
  BOOKS: 'postgresql://books',
  FRIEND: 'sk-friend',
  LITELLM_MASTER_KEY: 'sk-master',
  LANGFUSE_SECRET_KEY: 'sk-lf',
  SIGNALBOX_WEBHOOK_SECRET: 'whsec',
  SLACK_WEBHOOK_URL: 'https://hooks/token',
  NATS_PASSWORD: 'of-the-caller',
  DATABASE_URL: 'postgresql://caller',
  SIGNALBOX_KEY_PEPPER: 'p'.repeat(32),
  npm_config_cache: '/x',
};
const facts: Facts = {
  caller,
  nats: { url: 'nats://127.0.0.1:1', passwords: Object.fromEntries(SERVICES.map((name) => [name, `of-${name}`])) },
  databaseUrl: 'postgresql://own',
  pepper: 'pepper-in-force',
  host: '127.0.0.1',
  port: 4000,
  managementPort: 9464,
  dataDir: '/d',
  config: '/c.yaml',
  corsOrigins: undefined,
  isDebug: false,
  cacheDir: '/cache',
  secretNames: new Set(['GROQ']),
  masterKeyName: 'HOUSE',
  databaseUrlName: 'BOOKS',
  declaredKeyNames: new Set(['FRIEND']),
};
const of = (name: (typeof SERVICES)[number]) => environmentOf(name, facts);

test('everybody has what is no secret, the bus as itself, and the config file', () => {
  for (const name of SERVICES) {
    expect(of(name)).toMatchObject({
      PATH: '/bin',
      OLLAMA_HOST: 'http://gpu:11434',
      NATS_USER: name,
      NATS_PASSWORD: `of-${name}`,
      SIGNALBOX_SERVICE: name,
      SIGNALBOX_CONFIG: '/c.yaml',
    });
    expect(of(name)).not.toHaveProperty('npm_config_cache');
  }
});

test.each([
  ['OPENAI_API_KEY', 'sk-openai', ['provider-ollama', 'provider-cloud']],
  ['GROQ', 'gsk-named-by-the-config', ['provider-ollama', 'provider-cloud']],
  ['LITELLM_MASTER_KEY', 'sk-master', ['ingress', 'accounting']],
  ['HOUSE', 'sk-house', ['ingress', 'accounting']],
  ['BOOKS', 'postgresql://books', ['accounting']],
  ['FRIEND', 'sk-friend', ['ingress', 'accounting']],
  ['LANGFUSE_SECRET_KEY', 'sk-lf', ['ingress', 'accounting']],
  ['SIGNALBOX_WEBHOOK_SECRET', 'whsec', ['ingress', 'accounting']],
  ['SLACK_WEBHOOK_URL', 'https://hooks/token', ['ingress', 'accounting']],
  ['SIGNALBOX_KEY_PEPPER', 'pepper-in-force', ['ingress', 'accounting']],
  ['DATABASE_URL', 'postgresql://own', ['accounting']],
])('the value of %s reaches only those who need it', (variable, value, wanted) => {
  const holders = SERVICES.filter((name) => of(name)[variable] === value);
  expect(holders.toSorted()).toEqual(wanted.toSorted());
  const told = Object.values(of('router')).filter((one) => one === value);
  expect(told).toEqual([]);
});

test('the router knows which keys are there, not what they are', () => {
  expect(of('router')).toMatchObject({ OPENAI_API_KEY: 'set', GROQ: 'set', GROQ_KEY: 'set', HOUSE: 'set' });
  expect(of('router')).not.toHaveProperty('GROQ_KEY_FILE');
});

test("a NATS server of the caller's is used with the caller's user", () => {
  const given = { ...facts, nats: { url: 'nats://theirs' }, caller: { ...caller, NATS_USER: 'u' } };
  expect(environmentOf('health', given)).toMatchObject({
    NATS_URL: 'nats://theirs',
    NATS_USER: 'u',
    NATS_PASSWORD: 'of-the-caller',
  });
});
