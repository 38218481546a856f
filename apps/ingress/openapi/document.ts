/** Builds the OpenAPI 3.1 document from the routes that are served and what is said of each. Pure. */
import { z } from 'zod';
import * as answers from './answers.js';
import * as bodies from './bodies.js';
import { KeyAnswer, SpendLine, SpendLogRow, TeamAnswer, UserAnswer } from '#contracts';
import { tags, type Operation } from './operation.js';

/** `GET /v1/models/{id}`: a method and a path with its places in braces. */
export interface Route {
  readonly method: string;
  readonly path: string;
}

type Json = Readonly<Record<string, unknown>>;

const named: Readonly<Record<string, z.ZodType>> = {
  ...schemasOf(bodies),
  ...schemasOf(answers),
  Key: KeyAnswer,
  Team: TeamAnswer,
  User: UserAnswer,
  SpendLine,
  SpendLogRow,
};

/** Routes that are no API: the console's page and its session, and what only leads elsewhere. */
export function isApiRoute({ path }: Route): boolean {
  return path !== '/' && path !== '/admin' && !/^\/ui(?:\/|$)/.test(path);
}

/** The routes to describe: the one with /v1 stands for its twin without, and for the spellings of other clients. */
export function distinctRoutes(routes: readonly Route[]): Route[] {
  const known = new Set(routes.map(nameOf));
  const distinct = routes.filter(
    (route) =>
      isApiRoute(route) &&
      !known.has(nameOf({ ...route, path: `/v1${route.path}` })) &&
      !/^(?:\/v1)?\/(?:engines|openai\/(?:deployments|v1))\//.test(route.path),
  );
  return [...new Map(distinct.map((route) => [nameOf(route), route])).values()];
}

export function nameOf(route: Route): string {
  return `${route.method} ${route.path}`;
}

/** The document. A route that nothing is said about is there all the same, by its path alone. */
export function openApiDocument(
  routes: readonly Route[],
  operations: Readonly<Record<string, Operation>>,
  version: string,
): Json {
  const schemas = schemaWriter();
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of distinctRoutes(routes)) {
    const methods = (paths[route.path] ??= {});
    methods[route.method.toLowerCase()] = operationOf(route, operations[nameOf(route)], schemas.write);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Signalbox',
      version,
      description: 'One OpenAI-compatible address in front of Ollama hosts and clouds, with keys, budgets and spend.',
    },
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    security: [{ bearer: [] }, { apiKey: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
      },
      schemas: schemas.named,
    },
  };
}

function operationOf(route: Route, operation: Operation | undefined, write: (schema: z.ZodType) => Json): Json {
  const places = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const query = Object.entries(operation?.query ?? {}).map(([name, description]) => ({
    name,
    in: 'query',
    required: false,
    description,
    schema: { type: 'string' },
  }));
  const parameters = [...places, ...query];
  return {
    summary: operation?.summary ?? nameOf(route),
    ...(operation?.description === undefined ? {} : { description: operation.description }),
    tags: [operation?.tag ?? 'operation'],
    operationId: nameOf(route)
      .replace(/[^A-Za-z0-9]+/g, '_')
      .replace(/_$/, ''),
    ...(operation?.open === true ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(operation?.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: write(operation.body) } } } }),
    responses: responsesOf(operation, write),
  };
}

function responsesOf(operation: Operation | undefined, write: (schema: z.ZodType) => Json): Json {
  const content = {
    ...(operation?.answer === undefined ? {} : { 'application/json': { schema: write(operation.answer) } }),
    ...(operation?.streams === true ? { 'text/event-stream': { schema: { type: 'string' } } } : {}),
  };
  return {
    200: { description: 'The answer', ...(Object.keys(content).length === 0 ? {} : { content }) },
    default: {
      description: 'An error in OpenAI’s shape, under /v1/messages in Anthropic’s',
      content: { 'application/json': { schema: write(answers.ErrorAnswer) } },
    },
  };
}

/** Writes schemas as JSON Schema; those that have a name, by reference. */
function schemaWriter(): { named: Json; write: (schema: z.ZodType) => Json } {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const uri = (id: string) => `#/components/schemas/${id}`;
  const options = { io: 'input', unrepresentable: 'any' } as const;
  const written = z.toJSONSchema(registry, { ...options, uri }).schemas;
  const ids = new Map(Object.entries(named).map(([id, schema]) => [schema, id]));
  return {
    named: Object.fromEntries(Object.entries(written).map(([id, schema]) => [id, plain(schema)])),
    write: (schema) => {
      const id = ids.get(schema);
      if (id !== undefined) return { $ref: uri(id) };
      const one = z.registry<{ id: string }>();
      for (const [name, known] of Object.entries(named)) one.add(known, { id: name });
      one.add(schema, { id: '_' });
      return plain(z.toJSONSchema(one, { ...options, uri }).schemas['_'] ?? {});
    },
  };
}

/** Without what a document of its own would need. */
function plain(schema: object): Json {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== '$schema' && name !== '$id'));
}

function schemasOf(module: Readonly<Record<string, unknown>>): Record<string, z.ZodType> {
  const found: Record<string, z.ZodType> = {};
  for (const [name, value] of Object.entries(module)) if (value instanceof z.ZodType) found[name] = value;
  return found;
}
