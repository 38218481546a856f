/** config.schema.json and the tables of docs/config.md, written from the schemas. A test fails when they differ. */
import { z } from 'zod';
import { DeclaredKeyEntry, GeneralSettings, LitellmSettings, RouterSettings } from './section-schemas.js';
import { ConfigFile, settingSections } from './file-schema.js';
import { ComplexityRouterConfig, LitellmParams, ModelEntry, ModelInfo } from './model-schema.js';
import { SignalboxSettings } from './signalbox-schema.js';

const variable = { type: 'string', pattern: '^os\\.environ/', description: 'The value of an environment variable' };

/** The JSON Schema of the file (draft 2020-12), for editors. Numbers and booleans may be `os.environ/NAME` too. */
export function configJsonSchema(): unknown {
  const schema = z.toJSONSchema(ConfigFile, {
    io: 'input',
    override: ({ jsonSchema }) => {
      const { type } = jsonSchema;
      if (type !== 'number' && type !== 'integer' && type !== 'boolean') return;
      const plain = { ...jsonSchema };
      for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key);
      const { description, 'x-default': whenAbsent, 'x-unit': unit, ...form } = plain;
      Object.assign(jsonSchema, { description, 'x-default': whenAbsent, 'x-unit': unit, anyOf: [form, variable] });
    },
  });
  const { $schema, ...rest } = schema;
  return {
    $schema,
    title: 'Signalbox config',
    description: "LiteLLM's config format and Signalbox's additions",
    ...rest,
  };
}

/** Marker in docs/config.md -> the schema whose table stands there. */
const documented: Readonly<Record<string, z.ZodObject>> = {
  model_list: ModelEntry,
  litellm_params: LitellmParams,
  model_info: ModelInfo,
  complexity_router_config: ComplexityRouterConfig,
  router_settings: RouterSettings,
  litellm_settings: LitellmSettings,
  cache_params: cacheParams(),
  general_settings: GeneralSettings,
  signalbox: SignalboxSettings,
  'key_management.keys': DeclaredKeyEntry,
};

/** The names of the tables that a document should have. */
export const documentedTables: readonly string[] = Object.keys(documented);

/** The document with each table between `<!-- keys: NAME -->` and `<!-- end -->` written anew. */
export function fillKeyTables(markdown: string): string {
  return markdown.replace(
    /(<!-- keys: (\S+) -->\n)[^]*?(<!-- end -->)/g,
    (whole, open: string, name: string, close: string) => {
      const schema = Object.hasOwn(documented, name) ? documented[name] : undefined;
      return schema === undefined ? whole : `${open}${keyTable(schema)}${close}`;
    },
  );
}

function cacheParams(): z.ZodObject {
  const schema = settingSections.litellm_settings.shape.cache_params.unwrap();
  return schema;
}

function keyTable(schema: z.ZodObject): string {
  const rows = Object.entries(schema.shape).map(([key, field]) => {
    const notes = z.globalRegistry.get(field) ?? {};
    const { description, 'x-default': whenAbsent = '', 'x-unit': unit = '' } = notes;
    const cells = [`\`${key}\``, typeName(field), String(whenAbsent), String(unit), description ?? ''];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  });
  return `| key | value | default | unit | meaning |\n| --- | --- | --- | --- | --- |\n${rows.join('')}`;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'number',
  boolean: 'true or false',
  array: 'list',
  object: 'map',
  record: 'map',
  unknown: 'anything',
};

function typeName(field: unknown): string {
  if (field instanceof z.ZodOptional) return typeName(field.unwrap());
  if (field instanceof z.ZodEnum) return field.options.map((option) => `\`${option}\``).join(', ');
  if (field instanceof z.ZodLiteral) return [...field.values].map((value) => `\`${String(value)}\``).join(', ');
  if (field instanceof z.ZodUnion) return [...new Set(field.options.map(typeName))].join(' or ');
  if (field instanceof z.ZodNumber) return field.format === 'safeint' ? 'whole number' : 'number';
  if (field instanceof z.ZodType) return typeNames[field.type] ?? field.type;
  return '';
}
