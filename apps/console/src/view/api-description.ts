/** /openapi.json as a page shows it: operations by subject, each with its fields. Pure. */
import * as z from 'zod/mini';

const Json = z.record(z.string(), z.unknown());

const Parameter = z.object({
  name: z.string(),
  in: z.string(),
  required: z.optional(z.boolean()),
  description: z.optional(z.string()),
  schema: z.optional(Json),
});

const Content = z.optional(z.record(z.string(), z.object({ schema: z.optional(Json) })));

const Operation = z.object({
  summary: z.string(),
  description: z.optional(z.string()),
  tags: z.optional(z.array(z.string())),
  parameters: z.optional(z.array(Parameter)),
  requestBody: z.optional(z.object({ content: Content })),
  responses: z.record(z.string(), z.object({ description: z.string(), content: Content })),
});

export const ApiDescription = z.object({
  info: z.object({ title: z.string(), version: z.string(), description: z.optional(z.string()) }),
  tags: z.optional(z.array(z.object({ name: z.string(), description: z.optional(z.string()) }))),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.optional(z.object({ schemas: z.optional(z.record(z.string(), Json)) })),
});
export type ApiDescription = z.infer<typeof ApiDescription>;

export interface FieldView {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
}

export interface OperationView {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  readonly parameters: readonly FieldView[];
  readonly body: readonly FieldView[];
  readonly answer: readonly FieldView[];
}

export interface SubjectView {
  readonly name: string;
  readonly description: string;
  readonly operations: readonly OperationView[];
}

/** Operations under their first tag, in the order of the description's tags. */
export function subjectsOf(api: ApiDescription): SubjectView[] {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      tag: operation.tags?.[0] ?? 'other',
      view: operationView(api, path, method, operation),
    })),
  );
  const named = api.tags ?? [];
  const names = new Set([...named.map((tag) => tag.name), ...operations.map(({ tag }) => tag)]);
  return [...names].flatMap((name) => {
    const ofTag = operations.filter(({ tag }) => tag === name).map(({ view }) => view);
    const description = named.find((tag) => tag.name === name)?.description ?? '';
    return ofTag.length === 0 ? [] : [{ name, description, operations: ofTag }];
  });
}

function operationView(
  api: ApiDescription,
  path: string,
  method: string,
  operation: z.infer<typeof Operation>,
): OperationView {
  const answer = operation.responses['200'] ?? operation.responses['302'];
  return {
    id: `${method}-${path}`.replace(/[^a-z0-9]+/gi, '-'),
    method: method.toUpperCase(),
    path,
    summary: operation.summary,
    description: operation.description ?? '',
    parameters: (operation.parameters ?? []).map((parameter) => ({
      name: parameter.name,
      type: `${typeName(api, parameter.schema ?? {})}, in the ${parameter.in}`,
      required: parameter.required === true,
      description: parameter.description ?? '',
    })),
    body: fieldsOf(api, operation.requestBody?.content?.['application/json']?.schema),
    answer: fieldsOf(api, answer?.content?.['application/json']?.schema),
  };
}

/** The fields of an object, or of the objects in a list. */
function fieldsOf(api: ApiDescription, schema: Record<string, unknown> | undefined): FieldView[] {
  if (schema === undefined) return [];
  const plain = resolved(api, schema);
  const items = Json.safeParse(plain['items']);
  if (items.success) return fieldsOf(api, items.data);
  const properties = Json.safeParse(plain['properties']);
  if (!properties.success) return [];
  const required = Array.isArray(plain['required']) ? plain['required'] : [];
  return Object.entries(properties.data).map(([name, value]) => {
    const property = Json.safeParse(value);
    const facts = property.success ? property.data : {};
    const description = facts['description'] ?? resolved(api, facts)['description'];
    return {
      name,
      type: typeName(api, facts),
      required: required.includes(name),
      description: typeof description === 'string' ? description : '',
    };
  });
}

function resolved(api: ApiDescription, schema: Record<string, unknown>): Record<string, unknown> {
  const ref = schema['$ref'];
  if (typeof ref !== 'string') return schema;
  return api.components?.schemas?.[ref.replace('#/components/schemas/', '')] ?? {};
}

/** A short name of a type: `string`, `list of Key`, `number or null`. */
function typeName(api: ApiDescription, schema: Record<string, unknown>): string {
  const ref = schema['$ref'];
  if (typeof ref === 'string') return ref.slice(ref.lastIndexOf('/') + 1);
  const choices = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(choices)) {
    const names = choices.map((choice) => {
      const parsed = Json.safeParse(choice);
      return parsed.success ? typeName(api, parsed.data) : 'anything';
    });
    return [...new Set(names)].join(' or ');
  }
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => JSON.stringify(value)).join(' or ');
  if ('const' in schema) return JSON.stringify(schema['const']);
  const { type } = schema;
  if (type === 'array') {
    const items = Json.safeParse(schema['items']);
    return items.success ? `list of ${typeName(api, items.data)}` : 'list';
  }
  if (Array.isArray(type)) return type.join(' or ');
  return typeof type === 'string' ? type : 'anything';
}
