/**
 * Which variables each service is started with. A service gets what it needs and no more:
 * - everybody: what is no secret (PATH, OTEL_*, OLLAMA_HOST, proxies ...), its own NATS user, the config file's path;
 * - provider-cloud and provider-ollama: every secret of the caller, because a config file may name any of them as a key;
 * - router: the same names with the value `set`, because it must know which keys are missing but never what they are;
 * - ingress and accounting: the key pepper, the master key, and the secrets of their own integrations;
 * - accounting: the database.
 */

/** The six services in the order in which they end: first who takes requests, last who keeps the books. */
export const SERVICES = /** @type {const} */ ([
  'ingress',
  'provider-ollama',
  'provider-cloud',
  'router',
  'health',
  'accounting',
]);

/** @typedef {(typeof SERVICES)[number]} ServiceName */

/** A variable whose name looks like this is a secret; one that the config file names as a key is one too. */
const SECRET = /(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|PEPPER|SALT|WEBHOOK_URL)(_FILE)?$/i;
/** Set by the launcher or of no concern to the services. */
const OWN = /^(NATS_(URL|USER|PASSWORD)|DATABASE_URL|SIGNALBOX_KEY_PEPPER|npm_.*|INIT_CWD)(_FILE)?$/;
const INTEGRATIONS = /^(LANGFUSE_|ARIZE_|PHOENIX_|LOGFIRE_|REDIS_|SMTP_|SLACK_|WEBHOOK_|SIGNALBOX_WEBHOOK_)/;
const MASTER = /MASTER_KEY(_FILE)?$/;

/**
 * @param {string} variable
 * @returns {boolean} whether its name says that its value is a secret
 */
export const looksSecret = (variable) => SECRET.test(variable);

/**
 * @typedef {{
 *   caller: NodeJS.ProcessEnv, nats: { url: string, passwords?: Readonly<Record<string, string>> | undefined }, databaseUrl: string, pepper: string,
 *   host: string, port: number, managementPort: number, dataDir: string, config: string | undefined,
 *   corsOrigins: string | undefined, isDebug: boolean, cacheDir: string,
 *   secretNames: ReadonlySet<string>, masterKeyName: string | undefined, databaseUrlName: string | undefined,
 *   declaredKeyNames: ReadonlySet<string>,
 * }} Facts
 *   secretNames: variables that the config file names as keys; declaredKeyNames: those of its virtual keys
 */

/**
 * @param {ServiceName} name
 * @param {Facts} facts
 * @returns {Record<string, string | undefined>}
 */
export function environmentOf(name, facts) {
  /** @type {Record<string, string | undefined>} */
  const env = {};
  for (const [variable, value] of Object.entries(facts.caller)) {
    if (OWN.test(variable) || value === undefined) continue;
    const isSecret = looksSecret(variable) || facts.secretNames.has(variable) || isNamed(variable, facts);
    if (!isSecret || mayHave(name, variable, facts)) env[variable] = value;
    else if (name === 'router' && value !== '') env[variable.replace(/_FILE$/, '')] = 'set';
  }
  return { ...env, ...ownVariables(name, facts) };
}

/**
 * @param {string} variable
 * @param {Facts} facts
 */
function isNamed(variable, { masterKeyName, databaseUrlName, declaredKeyNames }) {
  return variable === masterKeyName || variable === databaseUrlName || declaredKeyNames.has(variable);
}

/**
 * @param {ServiceName} name
 * @param {string} variable
 * @param {Facts} facts
 */
function mayHave(name, variable, { masterKeyName, databaseUrlName, declaredKeyNames }) {
  if (variable === databaseUrlName) return name === 'accounting';
  const isMaster = MASTER.test(variable) || variable === masterKeyName;
  const isTheirs = isMaster || declaredKeyNames.has(variable) || INTEGRATIONS.test(variable);
  switch (name) {
    case 'provider-cloud':
    case 'provider-ollama':
      return !isTheirs;
    case 'ingress':
    case 'accounting':
      return isTheirs;
    case 'router':
    case 'health':
      return false;
  }
}

/**
 * @param {ServiceName} name
 * @param {Facts} facts
 */
function ownVariables(name, facts) {
  const { nats, caller } = facts;
  const keepsKeys = name === 'ingress' || name === 'accounting';
  return {
    SIGNALBOX_SERVICE: name,
    NATS_URL: nats.url,
    ...(nats.passwords === undefined
      ? givenNatsUser(caller)
      : { NATS_USER: name, NATS_PASSWORD: nats.passwords[name] }),
    ...(name === 'accounting' ? { DATABASE_URL: facts.databaseUrl } : {}),
    ...(keepsKeys ? { SIGNALBOX_KEY_PEPPER: facts.pepper } : {}),
    SIGNALBOX_HOST: facts.host,
    SIGNALBOX_PORT: String(facts.port),
    SIGNALBOX_MANAGEMENT_PORT: String(facts.managementPort),
    SIGNALBOX_DATA_DIR: facts.dataDir,
    ...(facts.config === undefined ? {} : { SIGNALBOX_CONFIG: facts.config }),
    ...(facts.corsOrigins === undefined ? {} : { SIGNALBOX_CORS_ORIGINS: facts.corsOrigins }),
    SIGNALBOX_LOG_LEVEL: facts.isDebug ? 'debug' : (caller.SIGNALBOX_LOG_LEVEL ?? 'info'),
    SIGNALBOX_DRAIN_SECONDS: caller.SIGNALBOX_DRAIN_SECONDS ?? '30',
    NODE_ENV: caller.NODE_ENV ?? 'production',
    // Compiled code is kept between starts; it makes the second start some seconds shorter.
    NODE_COMPILE_CACHE: caller.NODE_COMPILE_CACHE ?? facts.cacheDir,
  };
}

/**
 * With a NATS server of the caller's, its user for all services.
 * @param {NodeJS.ProcessEnv} caller
 */
function givenNatsUser({ NATS_USER, NATS_PASSWORD }) {
  return NATS_USER === undefined ? {} : { NATS_USER, NATS_PASSWORD };
}
