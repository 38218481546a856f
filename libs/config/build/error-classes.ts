/** Numbers by class of error, as LiteLLM writes them: `TimeoutErrorRetries: 1`, `RateLimitErrorAllowedFails: 10`. */
import { errorClasses, type ByErrorClass } from '#contracts';
import { didYouMean } from '../source/closest-name.js';
import { describeValue, type PlainMap } from '../source/plain-map.js';
import type { Path } from '../source/places.js';
import type { BuildContext } from './build-context.js';

/** Failures that are the request's own fault, whoever answers them: no cooldown comes of them. */
const faultsOfRequests: readonly string[] = ['BadRequestError', 'ContentPolicyViolationError'];

/** The numbers under `path`; keys end in `suffix`, which may be left out. Unknown classes are warned of, and ignored. */
export function readErrorClasses(
  written: PlainMap,
  suffix: 'Retries' | 'AllowedFails',
  path: Path,
  context: BuildContext,
): ByErrorClass {
  const numbers: ByErrorClass = {};
  for (const [key, value] of Object.entries(written)) {
    const at = [...path, key];
    const errorClass = errorClasses.find((name) => key === `${name}${suffix}` || key === name);
    if (value === null) continue;
    if (errorClass === undefined) {
      const known = errorClasses.map((name) => `${name}${suffix}`);
      context.problems.warning(at, `unknown error class, ignored.${didYouMean(key, known)} Known: ${known.join(', ')}`);
    } else if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
      context.problems.error(at, `must be a whole number from 0, is ${describeValue(value)}`);
    } else {
      numbers[errorClass] = value;
      if (suffix === 'AllowedFails' && faultsOfRequests.includes(errorClass)) {
        context.problems.warning(at, 'has no effect here: a request that is itself at fault takes no deployment out');
      }
    }
  }
  return numbers;
}
