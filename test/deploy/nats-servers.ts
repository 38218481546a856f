/** Servers of deploy/nats on free ports, as an operator would start them: three at home, one leaf node. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { at, list, root, textOf } from './deployment-files.js';

const password = 'x';
const users = ['INGRESS', 'ROUTER', 'ACCOUNTING', 'HEALTH', 'PROVIDER_OLLAMA', 'PROVIDER_CLOUD', 'CLUSTER', 'LEAF'];
const passwords = Object.fromEntries(users.map((user) => [`NATS_PASSWORD_${user}`, `"${password}"`]));

interface Ports {
  readonly client: number;
  readonly monitor: number;
  readonly route: number;
  readonly leaf: number;
}

export interface NatsServers {
  /** Of each server at home. */
  readonly urls: readonly string[];
  readonly leafUrl: string;
  readonly password: string;
  /** Streams as a server that lives tells of them, with their consumers. */
  streams(): Promise<StreamFacts[]>;
  /** kill -9 */
  kill(server: number): Promise<void>;
  stop(): Promise<void>;
}

export interface StreamFacts {
  readonly name: string;
  readonly copies: unknown;
  /** Places of the servers that lead the stream and its consumers; -1 while none does. */
  readonly leader: number;
  readonly consumerLeader: number;
}

/** Starts them; resolves once the cluster has a leader and the leaf node its way home. */
export async function startNatsServers(): Promise<NatsServers> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-nats-cluster-'));
  const program = natsServer();
  const ports = await Promise.all([0, 1, 2, 3].map(() => somePorts()));
  const home = ports.slice(0, 3);
  const env = { ...passwords, ...waysOf(home) };
  const children = ports.map((own, place) => {
    const file = join(folder, `${place}.conf`);
    mkdirSync(join(folder, `${place}`));
    const source = textOf(place === 3 ? 'deploy/nats/leaf.conf' : 'deploy/nats/cluster.conf');
    writeFileSync(file, onPorts(source, own, join(folder, `${place}`)));
    return run(program, file, { ...env, NATS_SERVER_NAME: `n${place}` });
  });
  const stop = async () => {
    await Promise.all(children.map(end));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilConnected(ports);
  } catch (error) {
    await stop();
    throw error;
  }
  const urls = home.map(({ client }) => `nats://127.0.0.1:${client}`);
  const leafUrl = `nats://127.0.0.1:${String(ports[3]?.client)}`;
  const kill = async (server: number) => {
    const child = children[server];
    if (child !== undefined) await end(child);
  };
  return { urls, leafUrl, password, streams: () => streamsAt(home), kill, stop };
}

/** The server that `npm start` would use; fetched where there is none yet. */
function natsServer(): string {
  const find = `import('./deploy/local/nats-binary.mjs')
    .then(({ findNatsServer }) => findNatsServer('.runtime', () => {}))
    .then((file) => process.stdout.write(file))`;
  const options = { cwd: root, encoding: 'utf8', timeout: 300_000 } as const;
  return resolve(root, execFileSync(process.execPath, ['-e', find], options));
}

function waysOf(home: readonly Ports[]): NodeJS.ProcessEnv {
  const ways = home.flatMap(({ route, leaf }, place) => [
    [`NATS_ROUTE_${place}`, `"nats://cluster:${password}@127.0.0.1:${route}"`],
    [`NATS_LEAF_REMOTE_${place}`, `"nats-leaf://leaf:${password}@127.0.0.1:${leaf}"`],
  ]);
  return Object.fromEntries(ways);
}

/** The file as it stands, but for the ports and the folder: nothing else is different from what an operator runs. */
function onPorts(source: string, { client, monitor, route, leaf }: Ports, folder: string): string {
  return source
    .replace('port: 4222', `listen: "127.0.0.1:${client}"`)
    .replace('http_port: 8222', `http: "127.0.0.1:${monitor}"`)
    .replace('port: 6222', `listen: "127.0.0.1:${route}"`)
    .replace('port: 7422', `listen: "127.0.0.1:${leaf}"`)
    .replace('"/data"', JSON.stringify(folder));
}

function run(program: string, file: string, env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(program, ['-c', file], { env: { PATH: process.env['PATH'], ...env }, stdio: 'ignore' });
  // Nothing outlives the test runner.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function untilConnected(ports: readonly Ports[]): Promise<void> {
  const [leaf] = ports.slice(3);
  for (let tries = 0; tries < 300; tries += 1) {
    const isLed = at(await monitorOf(ports[0], 'jsz'), 'meta_cluster', 'leader') !== undefined;
    if (isLed && at(await monitorOf(leaf, 'leafz'), 'leafnodes') === 1) return;
    await wait(100);
  }
  throw new Error('the servers of deploy/nats did not come together');
}

async function monitorOf(ports: Ports | undefined, page: string): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${String(ports?.monitor)}/${page}`).catch(() => null);
  return answer === null ? null : answer.json();
}

async function streamsAt(home: readonly Ports[]): Promise<StreamFacts[]> {
  for (const one of home) {
    const page = await monitorOf(one, 'jsz?streams=true&consumers=true&config=true');
    const details = at(page, 'account_details', 0, 'stream_detail');
    if (details !== undefined) return list(details).map(factsOf);
  }
  return [];
}

function factsOf(stream: unknown): StreamFacts {
  const placeOf = (name: unknown) => (typeof name === 'string' && name !== '' ? Number(name.slice(1)) : -1);
  return {
    name: String(at(stream, 'name')),
    copies: at(stream, 'config', 'num_replicas'),
    leader: placeOf(at(stream, 'cluster', 'leader')),
    consumerLeader: placeOf(at(stream, 'consumer_detail', 0, 'cluster', 'leader')),
  };
}

async function somePorts(): Promise<Ports> {
  const [client, monitor, route, leaf] = [await freePort(), await freePort(), await freePort(), await freePort()];
  return { client, monitor, route, leaf };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
