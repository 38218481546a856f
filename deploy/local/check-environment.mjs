/** Variables that no service could read are told before anything starts, not by six services that die one after the other. */
import { LaunchError } from './launch-error.mjs';

/**
 * @param {number} least
 * @param {number} most
 */
const whole = (least, most) => ({
  is: (/** @type {string} */ text) => /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most,
  wanted: `a whole number from ${String(least)} to ${String(most)}`,
});

/**
 * @param {number} least
 * @param {number} most
 */
const between = (least, most) => ({
  is: (/** @type {string} */ text) => text.trim() !== '' && Number(text) >= least && Number(text) <= most,
  wanted: `a number from ${String(least)} to ${String(most)}`,
});

/** @param {readonly string[]} words */
const oneOf = (...words) => ({
  is: (/** @type {string} */ text) => words.includes(text),
  wanted: `one of ${words.join(', ')}`,
});

/** As libs/config/env.ts reads them. */
const rules = new Map(
  Object.entries({
    SIGNALBOX_DRAIN_SECONDS: between(0, 3_600),
    SIGNALBOX_MANAGEMENT_PORT: whole(0, 65_535),
    SIGNALBOX_NATS_REPLICAS: whole(1, 5),
    SIGNALBOX_TRACE_PROBES: between(0, 1),
    OTEL_TRACES_SAMPLER_ARG: between(0, 1),
    SIGNALBOX_LOG_LEVEL: oneOf('debug', 'info', 'warn', 'error'),
    SIGNALBOX_TRACE_INCOMING: oneOf('join', 'link', 'ignore'),
  }),
);

/**
 * Throws a LaunchError with a line for each variable that cannot be read. An empty one counts as unset.
 * @param {NodeJS.ProcessEnv} env
 */
export function checkEnvironment(env) {
  const problems = [...rules].flatMap(([name, { is, wanted }]) => {
    const value = env[name] ?? '';
    return value === '' || is(value) ? [] : [`${name} must be ${wanted}, not ${JSON.stringify(value)}.`];
  });
  if (problems.length > 0) throw new LaunchError(problems.join('\n'));
}
