/** The image's recipe, the compose file and the Swarm stack: their own rules, and what Docker's own parsers say. */
import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  at,
  attempt,
  exists,
  findProgram,
  list,
  root,
  services,
  text,
  textOf,
  tree,
  variablesOf,
  variablesSetBy,
} from './deployment-files.js';

const dockerfile = textOf('deploy/docker/Dockerfile');
const stackText = textOf('deploy/swarm/stack.yaml');
const stack = tree(parse(stackText, { merge: true }));
const compose = tree(parse(textOf('deploy/compose/compose.yaml'), { merge: true }));
const docker = findProgram(['docker'], 'stack', 'config', '--help');
const composeCommand =
  findProgram(['docker-compose'], 'version') ??
  (findProgram(['docker'], 'compose', 'version') === null ? null : 'docker');

/** Runs one of the image's small programs; resolves with its exit code and what it says. */
function runProgram(file: string, env: NodeJS.ProcessEnv): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [file], { cwd: root, env: { PATH: process.env['PATH'], ...env } });
    let said = '';
    child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
    child.once('close', (code) => resolve({ code, said }));
  });
}

function readyServer(status: number): Promise<{ server: Server; port: number }> {
  return new Promise((resolve) => {
    const server = createServer((request, response) =>
      response.writeHead(request.url === '/readyz' ? status : 404).end(),
    );
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({ server, port: typeof address === 'object' && address !== null ? address.port : 0 });
    });
  });
}

describe('the image', () => {
  it('is built in stages, from base images that can be changed, and runs as nobody', () => {
    expect(dockerfile.match(/^FROM /gm)).toHaveLength(3);
    expect(dockerfile).toMatch(/^ARG BUILD_IMAGE=node:24/m);
    expect(dockerfile).toMatch(/^ARG RUNTIME_IMAGE=.*nodejs24/m);
    const last = dockerfile.slice(dockerfile.lastIndexOf('FROM '));
    expect(last).toMatch(/^USER 65532:65532$/m);
    expect(last).toMatch(/^STOPSIGNAL SIGTERM$/m);
    expect(last).not.toMatch(/^RUN /m);
    const major = textOf('.nvmrc').split('.')[0];
    expect(dockerfile).toContain(`node:${major ?? ''}`);
  });

  it('copies only what exists, and the build sees nothing else', () => {
    const ignored = textOf('.dockerignore').split('\n');
    expect(ignored).toContain('*');
    for (const line of dockerfile.match(/^COPY (?!--from).*$/gm) ?? []) {
      const sources = line
        .split(/\s+/)
        .filter((word) => !word.startsWith('--'))
        .slice(1, -1);
      for (const source of sources) {
        expect(exists(source), source).toBe(true);
        const top = source.split('/')[0] ?? '';
        expect(ignored, source).toContain(`!${top}`);
      }
    }
    expect(ignored).toContain('**/.env');
  });

  it('names the service that is missing, and never runs what is not one', async () => {
    const wrong = await runProgram('deploy/docker/run.mjs', { SERVICE: '../console' });
    expect(wrong.code).toBe(2);
    expect(wrong.said).toContain('provider-ollama');
    expect((await runProgram('deploy/docker/run.mjs', {})).said).toContain('not set');
  });

  it.each([
    [200, 0],
    [503, 1],
  ])('its health check turns %i into exit code %i', async (status, code) => {
    const { server, port } = await readyServer(status);
    expect((await runProgram('deploy/docker/ready.mjs', { SIGNALBOX_MANAGEMENT_PORT: String(port) })).code).toBe(code);
    await new Promise((resolve) => server.close(resolve));
    expect((await runProgram('deploy/docker/ready.mjs', { SIGNALBOX_MANAGEMENT_PORT: String(port) })).code).toBe(1);
  });
});

describe('.env.example', () => {
  it.each([
    ['compose', ['compose.yaml', 'compose.gpu.yaml'], []],
    [
      'swarm',
      ['stack.yaml', 'stack.openrouter.yaml', 'stack.openai.yaml', 'stack.anthropic.yaml', 'stack.langfuse.yaml'],
      ['SIGNALBOX_CONFIG_HASH', 'SIGNALBOX_NATS_HASH'],
    ],
  ])('of %s names every variable of its files, and no other', (folder, files, computed) => {
    const used = new Set(files.flatMap((file) => [...variablesOf(textOf(`deploy/${folder}/${file}`))]));
    const set = variablesSetBy(textOf(`deploy/${folder}/.env.example`));
    expect([...used].filter((name) => !set.has(name)).sort()).toEqual(computed);
    expect([...set].filter((name) => !used.has(name))).toEqual([]);
  });
});

describe('compose.yaml', () => {
  it('has a profile for every service', () => {
    const profiles = Object.entries(tree(compose['services'])).map(([name, spec]) => [name, at(spec, 'profiles', 0)]);
    expect(Object.fromEntries(profiles)).toEqual({
      ...Object.fromEntries([...services, 'nats', 'postgres'].map((name) => [name, 'core'])),
      ...Object.fromEntries(['jaeger', 'prometheus', 'grafana'].map((name) => [name, 'obs'])),
      ollama: 'ollama',
    });
  });

  it('mounts only files and folders that exist, and publishes on loopback', () => {
    for (const [name, spec] of Object.entries(tree(compose['services']))) {
      for (const volume of list(at(spec, 'volumes')).filter((one) => typeof one === 'string' && one.startsWith('.'))) {
        const source = text(volume).split(':')[0] ?? '';
        expect(exists(`deploy/compose/${source}`), `${name}: ${source}`).toBe(true);
      }
      for (const port of list(at(spec, 'ports')))
        expect(text(port)).toMatch(/^(127\.0\.0\.1|\$\{SIGNALBOX_BIND:-127\.0\.0\.1\}):/);
    }
  });

  it.skipIf(composeCommand === null)('is understood by the compose plugin (skipped where it is not installed)', () => {
    const filled = [
      'SIGNALBOX_KEY_PEPPER',
      'LITELLM_MASTER_KEY',
      'NATS_PASSWORD',
      'POSTGRES_PASSWORD',
      'GRAFANA_PASSWORD',
    ].map((name) => `${name}=test0123456789abcdef`);
    const words = composeCommand === 'docker' ? ['compose'] : [];
    const files = ['-f', 'deploy/compose/compose.yaml', '-f', 'deploy/compose/compose.gpu.yaml'];
    const profiles = ['core', 'obs', 'ollama'].flatMap((profile) => ['--profile', profile]);
    const args = [...filled, composeCommand ?? '', ...words, ...files, ...profiles, 'config', '--quiet'];
    const { code, output } = attempt('env', args);
    expect(code, output).toBe(0);
  });
});

describe('stack.yaml', () => {
  it('has the hash of each config in its name, and no secret in a variable', () => {
    for (const config of Object.values(tree(stack['configs']))) {
      expect(at(config, 'name')).toMatch(/^signalbox_\w+_\$\{SIGNALBOX_\w+_HASH:\?run deploy\.sh\}$/);
      expect(exists(`deploy/swarm/${text(at(config, 'file')).replace(/^\$\{\w+:-(.+)\}$/, '$1')}`)).toBe(true);
    }
    for (const service of services) {
      const env = tree(at(stack, 'services', service, 'environment'));
      const secrets = Object.entries(env).filter(([name]) => /KEY|PASSWORD|PEPPER|DATABASE/.test(name));
      for (const [name, value] of secrets)
        expect(name.endsWith('_FILE') || value === 'set', `${service} ${name}`).toBe(true);
      const mounted = list(at(stack, 'services', service, 'secrets'));
      for (const [name, value] of secrets)
        if (name.endsWith('_FILE')) expect(mounted).toContain(text(value).replace('/run/secrets/', ''));
    }
  });

  it.each(services)('%s is replaced by a new task first, and rolled back where that fails', (service) => {
    const deploy = at(stack, 'services', service, 'deploy');
    expect(at(deploy, 'update_config')).toMatchObject({ order: 'start-first', failure_action: 'rollback' });
    expect(at(deploy, 'resources', 'limits', 'memory')).toBeDefined();
    expect(list(at(stack, 'services', service, 'ports'))).toEqual([]);
  });

  it('keeps NATS and PostgreSQL on networks without a way out', () => {
    expect(at(stack, 'services', 'nats', 'networks')).toEqual(['bus']);
    expect(at(stack, 'services', 'postgres', 'networks')).toEqual(['database']);
    for (const network of ['bus', 'database']) expect(at(stack, 'networks', network, 'internal')).toBe(true);
    const onDatabase = services.filter((service) =>
      list(at(stack, 'services', service, 'networks')).includes('database'),
    );
    expect(onDatabase).toEqual(['accounting']);
  });

  it.skipIf(docker === null)(
    'is understood by Docker itself, with its clouds (skipped where docker is not installed)',
    () => {
      const given = ['SIGNALBOX_IMAGE=registry.example/signalbox', 'SIGNALBOX_HOSTNAME=llm.example'];
      const { code, output } = attempt('env', [
        ...given,
        'deploy/swarm/deploy.sh',
        '--check',
        'openrouter',
        'anthropic',
        'langfuse',
      ]);
      expect(code, output).toBe(0);
      expect(output).toMatch(/name: signalbox_config_[0-9a-f]{12}/);
      expect(output).toContain('ANTHROPIC_API_KEY_FILE');
      expect(attempt('env', [...given, 'deploy/swarm/deploy.sh', '--check', 'nobody']).code).not.toBe(0);
    },
  );
});
