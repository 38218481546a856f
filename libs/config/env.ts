/** The process environment, read once and typed. Nothing else in apps/ and libs/ reads process.env. An empty variable counts as unset. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { isPostgresUrl, notPostgres } from './database-url.js';
import { version } from './version.js';

const port = z.coerce.number().int().min(0).max(65_535);

const ratio = z.coerce.number().min(0).max(1);

/** Of the OpenTelemetry SDK; as in it, what is no number above 0 counts as unset. */
const whole = (otherwise: number) => z.coerce.number().int().positive().default(otherwise).catch(otherwise);

const schema = z.object({
  NATS_URL: z.string().default('nats://127.0.0.1:4222'),
  NATS_USER: z.string().optional(),
  NATS_PASSWORD: z.string().optional(),
  SIGNALBOX_NATS_REPLICAS: z.coerce.number().int().min(1).max(5).default(1),
  DATABASE_URL: z.string().refine(isPostgresUrl, notPostgres).optional(),
  SIGNALBOX_HOST: z.string().default('127.0.0.1'),
  SIGNALBOX_PORT: port.default(4000),
  SIGNALBOX_MANAGEMENT_HOST: z.string().default('127.0.0.1'),
  SIGNALBOX_MANAGEMENT_PORT: port.default(9464),
  SIGNALBOX_DATA_DIR: z.string().default('./data'),
  SIGNALBOX_CONFIG: z.string().optional(),
  SIGNALBOX_KEY_PEPPER: z.string().min(16).optional(),
  SIGNALBOX_CORS_ORIGINS: z.string().optional(),
  SIGNALBOX_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  SIGNALBOX_DRAIN_SECONDS: z.coerce.number().min(0).max(3600).default(30),
  SIGNALBOX_BACKENDS: z.string().optional(),
  SIGNALBOX_ALLOW_ANONYMOUS: z.string().optional(),
  SIGNALBOX_ALLOWED_HOSTS: z.string().optional(),
  SIGNALBOX_COMMIT: z.string().default(''),
  LITELLM_MASTER_KEY: z.string().optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.string().optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: z.string().optional(),
  OTEL_SDK_DISABLED: z.string().optional(),
  OTEL_TRACES_EXPORTER: z.string().default('otlp'),
  OTEL_EXPORTER_OTLP_PROTOCOL: z.string().default('http/protobuf'),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: z.string().optional(),
  OTEL_BSP_MAX_QUEUE_SIZE: whole(2_048),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: whole(512),
  OTEL_BSP_SCHEDULE_DELAY: whole(5_000),
  OTEL_BSP_EXPORT_TIMEOUT: whole(30_000),
  OTEL_TRACES_SAMPLER: z.string().default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: ratio.default(1),
  SIGNALBOX_TRACE_PROBES: ratio.default(0.01),
  SIGNALBOX_TRACE_INCOMING: z.enum(['join', 'link', 'ignore']).default('join'),
});

const list = (text: string | undefined): readonly string[] | null =>
  text === undefined
    ? null
    : text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');

export interface TraceExport {
  readonly protocol: string;
  readonly maxQueueSize: number;
  readonly maxExportBatchSize: number;
  readonly scheduledDelayMillis: number;
  readonly exportTimeoutMillis: number;
}

function traceExportOf(values: z.infer<typeof schema>): TraceExport | null {
  const endpoint = values.OTEL_EXPORTER_OTLP_ENDPOINT ?? values.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  const isOff = values.OTEL_SDK_DISABLED === 'true' || values.OTEL_TRACES_EXPORTER === 'none';
  if (endpoint === undefined || isOff) return null;
  return {
    protocol: values.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? values.OTEL_EXPORTER_OTLP_PROTOCOL,
    maxQueueSize: values.OTEL_BSP_MAX_QUEUE_SIZE,
    maxExportBatchSize: values.OTEL_BSP_MAX_EXPORT_BATCH_SIZE,
    scheduledDelayMillis: values.OTEL_BSP_SCHEDULE_DELAY,
    exportTimeoutMillis: values.OTEL_BSP_EXPORT_TIMEOUT,
  };
}

export class Environment {
  readonly natsUrl: string;
  readonly natsUser: string | null;
  readonly natsPassword: string | null;
  /** Copies of streams and buckets: 1 for one server, 3 in a cluster. */
  readonly natsReplicas: number;
  readonly databaseUrl: string | null;
  readonly host: string;
  readonly port: number;
  readonly managementHost: string;
  readonly managementPort: number;
  readonly dataDir: string;
  /** null = no config file. */
  readonly configFile: string | null;
  readonly keyPepper: string | null;
  readonly corsOrigins: readonly string[] | null;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly drainMs: number;
  /** Backends that this worker serves; null = all of its kind. */
  readonly backends: readonly string[] | null;
  readonly allowAnonymous: boolean;
  /** Names that a gateway without a master key answers to, besides its own. */
  readonly allowedHosts: readonly string[];
  readonly masterKey: string | null;
  /** How traces are exported; null where they are not. */
  readonly traceExport: TraceExport | null;
  /** Which traces are recorded. */
  readonly traceSampling: { readonly sampler: string; readonly ratio: number; readonly probeRatio: number };
  /** What a caller's `traceparent` does: its trace goes on, a new one links to it, or nothing. */
  readonly incomingTraces: 'join' | 'link' | 'ignore';
  readonly version: string;
  /** Of the sources, set when an image is built; empty where nobody said. */
  readonly commit: string;

  private constructor(
    values: z.infer<typeof schema>,
    /** Everything else, for `os.environ/NAME` references. */
    readonly variables: Readonly<Record<string, string | undefined>>,
  ) {
    this.natsUrl = values.NATS_URL;
    this.natsUser = values.NATS_USER ?? null;
    this.natsPassword = values.NATS_PASSWORD ?? null;
    this.natsReplicas = values.SIGNALBOX_NATS_REPLICAS;
    this.databaseUrl = values.DATABASE_URL ?? null;
    this.host = values.SIGNALBOX_HOST;
    this.port = values.SIGNALBOX_PORT;
    this.managementHost = values.SIGNALBOX_MANAGEMENT_HOST;
    this.managementPort = values.SIGNALBOX_MANAGEMENT_PORT;
    this.dataDir = values.SIGNALBOX_DATA_DIR;
    this.configFile = values.SIGNALBOX_CONFIG ?? null;
    this.keyPepper = values.SIGNALBOX_KEY_PEPPER ?? null;
    this.corsOrigins =
      list(values.SIGNALBOX_CORS_ORIGINS)?.map((origin) => origin.replace(/\/+$/, '').toLowerCase()) ?? null;
    this.logLevel = values.SIGNALBOX_LOG_LEVEL;
    this.drainMs = values.SIGNALBOX_DRAIN_SECONDS * 1000;
    this.backends = list(values.SIGNALBOX_BACKENDS);
    this.allowAnonymous = values.SIGNALBOX_ALLOW_ANONYMOUS === '1';
    this.allowedHosts = list(values.SIGNALBOX_ALLOWED_HOSTS) ?? [];
    this.masterKey = values.LITELLM_MASTER_KEY ?? null;
    this.traceExport = traceExportOf(values);
    this.traceSampling = {
      sampler: values.OTEL_TRACES_SAMPLER,
      ratio: values.OTEL_TRACES_SAMPLER_ARG,
      probeRatio: values.SIGNALBOX_TRACE_PROBES,
    };
    this.incomingTraces = values.SIGNALBOX_TRACE_INCOMING;
    this.version = version;
    this.commit = values.SIGNALBOX_COMMIT;
  }

  /** The environment of this process; throws as parse does. */
  static ofProcess(): Environment {
    return Environment.parse(process.env);
  }

  /**
   * Parses an environment; throws Error with one line per bad variable. `NAME_FILE` may stand for `NAME` (secrets mounted
   * as files); both at once is an error.
   */
  static parse(variables: Readonly<Record<string, string | undefined>>): Environment {
    const filled = withFileTwins(variables, (path) => readFileSync(path, 'utf8'));
    const parsed = schema.safeParse(filled);
    if (parsed.success) return new Environment(parsed.data, filled);
    const lines = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`the environment is not usable:\n${lines.join('\n')}`);
  }
}

const secretVariables = [
  'NATS_URL',
  'NATS_PASSWORD',
  'DATABASE_URL',
  'REDIS_URL',
  'SIGNALBOX_KEY_PEPPER',
  'LITELLM_MASTER_KEY',
  'OPENAI_API_KEY',
  'ANTHROPIC_API_KEY',
  'OPENROUTER_API_KEY',
  'WEBHOOK_URL',
  'SLACK_WEBHOOK_URL',
  'SIGNALBOX_WEBHOOK_SECRET',
  'LANGFUSE_SECRET_KEY',
  'ARIZE_API_KEY',
  'PHOENIX_API_KEY',
  'LOGFIRE_TOKEN',
];

/** Drops empty variables and reads `NAME_FILE` twins of secrets. */
export function withFileTwins(
  variables: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): Record<string, string | undefined> {
  const filled: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(variables)) if (value !== undefined && value !== '') filled[name] = value;
  for (const name of secretVariables) {
    const path = filled[`${name}_FILE`];
    if (path === undefined) continue;
    if (filled[name] !== undefined) throw new Error(`${name} and ${name}_FILE are both set; use one`);
    filled[name] = readFile(path).trim();
  }
  return filled;
}
