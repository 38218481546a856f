/** `npm start`: brings a checkout to life and keeps it running. Plain JavaScript without dependencies: nothing is installed yet. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArguments, USAGE, UsageError } from './arguments.mjs';
import { ensureBuilt } from './build.mjs';
import { checkEnvironment } from './check-environment.mjs';
import { configFile, hostToListenOn, readConfigFacts, whatIsServed } from './config-facts.mjs';
import { claimDataDir, secretOf } from './data-dir.mjs';
import { ensureInstalled } from './install.mjs';
import { LaunchError } from './launch-error.mjs';
import { formatOf } from './log-lines.mjs';
import { Log } from './log.mjs';
import { tryPort } from './ports.mjs';
import { ensureRuntime } from './runtime.mjs';
import { natsServer, postgresServer } from './servers.mjs';
import { serviceSpecs } from './services.mjs';
import { Shutdown } from './shutdown.mjs';
import { Suite } from './suite.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const isTerminal = process.stderr.isTTY;
const format = formatOf(process.env.SIGNALBOX_LOG_FORMAT, isTerminal);
const log = new Log({ format, isVerbose: false, hasColours: isTerminal && process.env.NO_COLOR === undefined });
const shutdown = new Shutdown(log);
const tell = (/** @type {string} */ line) => log.say(line);

/** @param {import('./arguments.mjs').Options} options */
async function start(options) {
  checkEnvironment(process.env);
  const config = configFile(options.config);
  const dataDir = resolve(process.env.INIT_CWD ?? '.', options.dataDir);
  shutdown.release = claimDataDir(dataDir);
  log.keepIn(join(dataDir, 'logs'));
  const suite = new Suite(dataDir, log);
  shutdown.suite = suite;
  if (options.debug) log.showEverything();
  options.notes.forEach(tell);

  const runtime = await ensureRuntime(root, tell);
  await ensureInstalled(root, runtime, tell);
  await ensureBuilt(root, runtime, tell);
  const facts = await readConfigFacts(runtime.node, config);
  const env = withoutEmpty({ ...process.env, ...facts.variables });
  checkEnvironment(env);
  const told = facts.problems.filter((problem) => options.debug || problem.severity !== 'note');
  for (const problem of told) tell(problem.text);
  if (facts.isVerbose) log.showEverything();
  const errors = facts.problems.filter((problem) => problem.severity === 'error').length;
  if (errors > 0) {
    throw new LaunchError(
      `${String(config)} has ${String(errors)} error${errors === 1 ? '' : 's'}; nothing was started.`,
    );
  }
  const host = hostToListenOn(options.host, facts.hasMasterKey, env);
  if (!facts.hasMasterKey) tell(`warning: there is no master key: anyone who reaches ${host} is served without a key.`);
  const port = await clientPort(options.port, host);
  tell(whatIsServed(config, facts, env));

  const givenDatabase = facts.databaseUrl ?? env.DATABASE_URL;
  if (givenDatabase !== undefined && !/^postgres(ql)?:\/\//i.test(givenDatabase)) {
    throw new LaunchError('DATABASE_URL must begin with postgresql:// or postgres://: no other database is supported.');
  }
  const nats = env.NATS_URL === undefined ? await natsServer(root, dataDir, tell) : undefined;
  const postgres = givenDatabase === undefined ? await postgresServer(root, dataDir, tell) : undefined;
  await suite.start([nats, postgres].flatMap((server) => server?.spec ?? []));
  const specs = serviceSpecs({
    root,
    node: runtime.node,
    firstManagementPort: Number(env.SIGNALBOX_MANAGEMENT_PORT ?? '9464'),
    portsFile: join(dataDir, 'run', 'ports.json'),
    drainMs: Number(env.SIGNALBOX_DRAIN_SECONDS ?? '30') * 1_000,
    facts: {
      caller: env,
      nats: { url: nats?.url ?? env.NATS_URL ?? '', passwords: nats?.passwords },
      databaseUrl: postgres?.url ?? givenDatabase ?? '',
      pepper: env.SIGNALBOX_KEY_PEPPER ?? secretOf(dataDir, 'key-pepper'),
      host,
      port,
      dataDir,
      config,
      corsOrigins: options.corsOrigins ?? env.SIGNALBOX_CORS_ORIGINS,
      isDebug: options.debug || facts.isVerbose,
      cacheDir: join(root, '.runtime', 'compile-cache'),
      secretNames: new Set(facts.secretNames),
      databaseUrlName: facts.databaseUrlName ?? undefined,
      masterKeyName: facts.masterKeyName ?? undefined,
      declaredKeyNames: new Set(facts.declaredKeyNames),
    },
  });
  await suite.start(specs);
  if (suite.isStopping) return;
  const address = `http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
  process.stdout.write(`Signalbox ready on ${address}\n`);
  const local = address.replace('0.0.0.0', '127.0.0.1').replace('[::]', '[::1]');
  if (options.ui) process.stdout.write(`Console: ${local}/ui\n`);
  else tell(`console: ${local}/ui`);
  tell(`logs: ${join(dataDir, 'logs')}, each request in ingress.log; Ctrl-C stops everything`);
}

/**
 * @param {number} asked
 * @param {string} host
 * @returns {Promise<number>} throws LaunchError if the port cannot be had
 */
async function clientPort(asked, host) {
  try {
    return await tryPort(asked, host);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : String(error);
    const why = code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${String(code)})`;
    throw new LaunchError(`port ${String(asked)} on ${host} ${why}: stop what uses it or choose another with --port.`);
  }
}

/**
 * An empty variable counts as unset.
 * @param {NodeJS.ProcessEnv} env
 */
function withoutEmpty(env) {
  /** @type {NodeJS.ProcessEnv} */
  const filled = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined && value !== '') filled[name] = value;
  for (const name of ['NATS_URL', 'DATABASE_URL', 'SIGNALBOX_KEY_PEPPER']) {
    const file = filled[`${name}_FILE`];
    if (file !== undefined && existsSync(file)) filled[name] ??= readFileSync(file, 'utf8').trim();
  }
  return filled;
}

try {
  const options = parseArguments(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
  } else {
    shutdown.watch();
    await start(options);
  }
} catch (error) {
  const isKnown = error instanceof LaunchError || error instanceof UsageError;
  const text = error instanceof Error ? ((isKnown ? undefined : error.stack) ?? error.message) : String(error);
  log.say(`error: ${text}`);
  await shutdown.fail(error instanceof UsageError ? 2 : 1);
}
