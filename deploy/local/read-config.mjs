/**
 * Reads a config file with the services' own code and prints what the launcher must know, as JSON: run by the pinned Node
 * after the build, `node read-config.mjs [FILE]`. Of secrets it prints the variables' names; only the database's URL,
 * which decides what is started, goes through the pipe itself.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { looksSecret } from './environment.mjs';

const config = await import(new URL('../../dist/libs/config/index.js', import.meta.url).href);
const { env } = process;
const file = process.argv[2];

/** @type {{ severity: string }[]} */
let problems;
/** @type {any} the services' own type, which this program does not see */
let snapshot;
if (file === undefined) {
  snapshot = config.defaultConfig(env);
  problems = snapshot.problems;
} else {
  const loaded = config.readConfigFile(file, env);
  problems = loaded.problems;
  snapshot = loaded.kind === 'ok' ? loaded.snapshot : undefined;
}

/** @typedef {{ from: 'env', name: string } | { from: 'file' }} SecretRef */
const nameOf = (/** @type {SecretRef | null | undefined} */ ref) => (ref?.from === 'env' ? [ref.name] : []);
const general = snapshot?.general;
const databaseUrl = general?.databaseUrl ?? null;
const sources = {
  env,
  readFile: (/** @type {string | null} */ include) =>
    readFileSync(include === null ? (file ?? '') : resolve(dirname(file ?? ''), include), 'utf8'),
};

/**
 * `environment_variables` that are no secrets, by their names and by what the file uses them for. The services find all of
 * them in the file, as it changes; they are started with these for what is read at a start only (OTEL_*, proxies, TZ).
 */
function plainVariables() {
  const { backends = [], declaredKeys = [], deployments = [] } = snapshot ?? {};
  const used = [
    general?.masterKey,
    ...backends.map((/** @type {{ apiKey: unknown }} */ one) => one.apiKey),
    ...declaredKeys.map((/** @type {{ secret: unknown }} */ one) => one.secret),
  ];
  const secrets = new Set(used.map((ref) => JSON.stringify(ref)));
  const headers = new Set(
    deployments.flatMap((/** @type {{ extraHeaders: object }} */ one) => Object.values(one.extraHeaders)),
  );
  const plain = Object.entries(general?.variables ?? {}).filter(
    ([name, ref]) => !looksSecret(name) && !secrets.has(JSON.stringify(ref)) && !headers.has(`os.environ/${name}`),
  );
  return Object.fromEntries(plain.map(([name, ref]) => [name, config.resolveSecret(ref, sources)?.reveal() ?? '']));
}

/** @type {import('./config-facts.mjs').ConfigFacts} */
const facts = {
  problems: problems.map((problem) => ({ severity: problem.severity, text: config.formatProblem(problem) })),
  hasMasterKey: (general?.masterKey ?? null) !== null || (env.LITELLM_MASTER_KEY ?? '') !== '',
  isVerbose: general?.verbose === true,
  masterKeyName: nameOf(general?.masterKey)[0] ?? null,
  databaseUrl: databaseUrl === null ? null : (config.resolveSecret(databaseUrl, sources)?.reveal() ?? null),
  databaseUrlName: nameOf(databaseUrl)[0] ?? null,
  secretNames: (snapshot?.backends ?? []).flatMap((/** @type {{ apiKey: SecretRef | null }} */ one) =>
    nameOf(one.apiKey),
  ),
  declaredKeyNames: (snapshot?.declaredKeys ?? []).flatMap((/** @type {{ secret: SecretRef }} */ one) =>
    nameOf(one.secret),
  ),
  variables: plainVariables(),
  models: new Set((snapshot?.deployments ?? []).map((/** @type {{ modelName: string }} */ one) => one.modelName)).size,
  backends: (snapshot?.backends ?? []).length,
};
process.stdout.write(JSON.stringify(facts));
