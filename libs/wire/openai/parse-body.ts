/** The frame of every client dialect's parser: what holds for any body, and problems turned into values. */
import {
  BodyProblem,
  Fields,
  bodyLimits,
  describeType,
  isJsonObject,
  type JsonObject,
  type ParsedBody,
} from './fields.js';

/**
 * Reads a client's body. Bounds its depth, drops every `__proto__` key, and turns problems into values; other errors are
 * bugs and are thrown.
 */
export function parseBody<T>(body: unknown, read: (fields: Fields) => T): ParsedBody<T> {
  try {
    if (!isJsonObject(body)) {
      throw new BodyProblem(
        `Invalid request body: expected a JSON object, but got ${describeType(body)} instead.`,
        null,
      );
    }
    const clean = tidy(body);
    const extra = Object.hasOwn(clean, 'extra_body') ? clean['extra_body'] : undefined;
    return { kind: 'ok', value: read(new Fields(clean, '', isJsonObject(extra) ? extra : null)) };
  } catch (problem) {
    if (!(problem instanceof BodyProblem)) throw problem;
    const { message, param, code, details } = problem;
    return { kind: 'invalid', message, param, code, ...(details === undefined ? {} : { details }) };
  }
}

/** The body itself where it is clean (nearly always: no copy), a copy without `__proto__` keys where it is not. */
function tidy(body: JsonObject): JsonObject {
  return hasPrototypeKey(body) ? copyWithoutPrototypeKeys(body) : body;
}

function hasPrototypeKey(body: JsonObject): boolean {
  let level: object[] = [body];
  let found = false;
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > bodyLimits.depth) {
      throw new BodyProblem(
        `Invalid request body: nested too deeply. Expected at most ${bodyLimits.depth} levels.`,
        null,
      );
    }
    const next: object[] = [];
    for (const node of level) {
      if (!Array.isArray(node) && Object.hasOwn(node, '__proto__')) found = true;
      for (const member of Object.values(node)) {
        if (typeof member === 'object' && member !== null) next.push(member);
      }
    }
    level = next;
  }
  return found;
}

function copyWithoutPrototypeKeys(node: JsonObject): JsonObject {
  const copy = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(copy);
    return isJsonObject(value) ? copyWithoutPrototypeKeys(value) : value;
  };
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => key !== '__proto__')
      .map(([key, value]) => [key, copy(value)]),
  );
}
