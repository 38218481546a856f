/**
 * Reads typed fields out of a client's JSON. Every client dialect is parsed with it, so that all refusals sound like
 * OpenAI's and name the field with its index. Only own properties are read; null is the same as absent.
 */

/** Why a body was refused: plain values, since this layer knows no error table. `details` goes into Anthropic's error body. */
export interface InvalidBody {
  readonly kind: 'invalid';
  readonly message: string;
  readonly param: string | null;
  readonly code: 'invalid_request' | 'unsupported_parameter';
  readonly details?: Readonly<Record<string, unknown>>;
}

export type ParsedBody<T> = { readonly kind: 'ok'; readonly value: T } | InvalidBody;

export type JsonObject = Record<string, unknown>;

/** Bounds of a request body. They stop absurd bodies, not large ones: bytes are limited where the body is read. */
export const bodyLimits = {
  messages: 10_000,
  parts: 2_000,
  tools: 2_048,
  toolCalls: 1_024,
  inputs: 2_048,
  depth: 128,
  stop: 64,
  choices: 128,
  names: 100,
} as const;

/** Thrown while reading and turned into an `InvalidBody` by `parseBody`; never leaves this library. */
export class BodyProblem extends Error {
  override readonly name = 'BodyProblem';

  constructor(
    message: string,
    readonly param: string | null,
    readonly code: InvalidBody['code'] = 'invalid_request',
    readonly details?: Readonly<Record<string, unknown>>,
  ) {
    super(message);
  }
}

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The object without its undefined members. */
export function present<T extends object>(value: T): Present<T>;
export function present(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}

/** True for JSON objects, not for arrays and null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value's type in the words of OpenAI's messages. */
export function describeType(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a decimal';
  return typeof value === 'string' || typeof value === 'boolean' ? `a ${typeof value}` : 'an object';
}

/** Problem: the value has the wrong type. `expected` reads like 'a string' or 'one of a string or array of objects'. */
export function wrongType(param: string, expected: string, value: unknown): BodyProblem {
  return new BodyProblem(
    `Invalid type for '${param}': expected ${expected}, but got ${describeType(value)} instead.`,
    param,
  );
}

/** Problem: the value is none of those known. */
export function wrongValue(param: string, value: string, supported: readonly string[]): BodyProblem {
  const list = supported.map((item) => `'${item}'`);
  const values = list.length > 1 ? `${list.slice(0, -1).join(', ')} and ${list.at(-1) ?? ''}` : list.join('');
  const shown = value.length > 64 ? `${value.slice(0, 64)}...` : value;
  return new BodyProblem(`Invalid value for '${param}': '${shown}'. Supported values are: ${values}.`, param);
}

/** Problem: a required field is absent. */
export function missing(param: string): BodyProblem {
  return new BodyProblem(`Missing required parameter: '${param}'.`, param);
}

/** Problem: something that OpenAI or Anthropic offer and this gateway does not. */
export function unsupported(param: string, why: string): BodyProblem {
  return new BodyProblem(`Unsupported parameter: '${param}' ${why}`, param, 'unsupported_parameter');
}

/** An array of at most `max` members. Throws a `BodyProblem` for anything else. */
export function readArray(value: unknown, param: string, max: number, expected = 'an array'): readonly unknown[] {
  if (!Array.isArray(value)) throw wrongType(param, expected, value);
  if (value.length > max) {
    throw new BodyProblem(
      `Invalid '${param}': array too long. Expected an array with maximum length ${max}, but got an array with length ${value.length} instead.`,
      param,
    );
  }
  return value;
}

/** One object of the body, with the path that its fields are named by. */
export class Fields {
  constructor(
    readonly source: JsonObject,
    readonly path: string = '',
    /** Read where `source` has no value of that name: the literal `extra_body` that some clients send. */
    private readonly fallback: JsonObject | null = null,
  ) {}

  pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  /** The value of an own property; undefined where it is absent or null. */
  raw(name: string): unknown {
    const value = Object.hasOwn(this.source, name) ? this.source[name] : undefined;
    if (value !== undefined && value !== null) return value;
    const other = this.fallback !== null && Object.hasOwn(this.fallback, name) ? this.fallback[name] : undefined;
    return other ?? undefined;
  }

  string(name: string): string | undefined {
    const value = this.raw(name);
    if (value === undefined || typeof value === 'string') return value;
    throw wrongType(this.pathOf(name), 'a string', value);
  }

  requiredString(name: string): string {
    const value = this.string(name);
    if (value === undefined) throw missing(this.pathOf(name));
    if (value === '') {
      throw new BodyProblem(
        `Invalid '${this.pathOf(name)}': empty string. Expected a string with minimum length 1, but got an empty string instead.`,
        this.pathOf(name),
      );
    }
    return value;
  }

  choice<T extends string>(name: string, values: readonly T[]): T | undefined {
    const value = this.string(name);
    if (value === undefined) return undefined;
    const found = values.find((item) => item === value);
    if (found === undefined) throw wrongValue(this.pathOf(name), value, values);
    return found;
  }

  requiredChoice<T extends string>(name: string, values: readonly T[]): T {
    const value = this.choice(name, values);
    if (value === undefined) throw missing(this.pathOf(name));
    return value;
  }

  boolean(name: string): boolean | undefined {
    const value = this.raw(name);
    if (value === undefined || typeof value === 'boolean') return value;
    throw wrongType(this.pathOf(name), 'a boolean', value);
  }

  number(name: string, min = -Number.MAX_VALUE, max = Number.MAX_VALUE): number | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'number') throw wrongType(this.pathOf(name), 'a decimal', value);
    return inRange(this.pathOf(name), 'decimal', value, min, max);
  }

  integer(name: string, min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER): number | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || (Number.isFinite(value) && !Number.isInteger(value))) {
      throw wrongType(this.pathOf(name), 'an integer', value);
    }
    return inRange(this.pathOf(name), 'integer', value, min, max);
  }

  record(name: string): JsonObject | undefined {
    const value = this.raw(name);
    if (value === undefined || isJsonObject(value)) return value;
    throw wrongType(this.pathOf(name), 'an object', value);
  }

  object(name: string): Fields | undefined {
    const value = this.record(name);
    return value === undefined ? undefined : new Fields(value, this.pathOf(name));
  }

  array(name: string, max: number): readonly unknown[] | undefined {
    const value = this.raw(name);
    return value === undefined ? undefined : readArray(value, this.pathOf(name), max);
  }

  /** The members of an array of objects, each with its index in its path. */
  objects(name: string, max: number): readonly Fields[] | undefined {
    return this.array(name, max)?.map((item, index) => fieldsOf(item, `${this.pathOf(name)}[${index}]`));
  }

  strings(name: string, max: number): string[] | undefined {
    return this.array(name, max)?.map((item, index) => {
      if (typeof item === 'string') return item;
      throw wrongType(`${this.pathOf(name)}[${index}]`, 'a string', item);
    });
  }
}

function inRange(param: string, kind: string, value: number, min: number, max: number): number {
  if (value < min) {
    throw new BodyProblem(
      `Invalid '${param}': ${kind} below minimum value. Expected a value >= ${min}, but got ${value} instead.`,
      param,
    );
  }
  if (value > max) {
    throw new BodyProblem(
      `Invalid '${param}': ${kind} above maximum value. Expected a value <= ${max}, but got ${value} instead.`,
      param,
    );
  }
  return value;
}

/** A JSON object as `Fields`. Throws a `BodyProblem` for anything else. */
export function fieldsOf(value: unknown, path: string): Fields {
  if (!isJsonObject(value)) throw wrongType(path, 'an object', value);
  return new Fields(value, path);
}
