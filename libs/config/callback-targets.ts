/** Where LiteLLM's callbacks lead that are OTLP backends: address and headers from the variables that LiteLLM reads. Pure. */

export type Variables = (name: string) => string | undefined;

/** What a backend reads beside the GenAI attributes. */
export type CallbackFlavour = 'langfuse' | 'openinference' | 'plain';

export interface CallbackTarget {
  readonly flavour: CallbackFlavour;
  /** Where traces are posted. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface CallbackKind {
  readonly flavour: CallbackFlavour;
  /** Each entry is one variable, or several of which one is enough. */
  readonly needs: readonly (readonly string[])[];
  readonly url: (variable: Variables) => string;
  readonly headers: (variable: Variables) => Record<string, string>;
}

const basic = (user: string | undefined, password: string | undefined) =>
  `Basic ${Buffer.from(`${user ?? ''}:${password ?? ''}`).toString('base64')}`;

const langfuse = (defaultHost: string): CallbackKind => ({
  flavour: 'langfuse',
  needs: [['LANGFUSE_PUBLIC_KEY'], ['LANGFUSE_SECRET_KEY']],
  url: (variable) => {
    const host = variable('LANGFUSE_OTEL_HOST') ?? variable('LANGFUSE_HOST') ?? variable('LANGFUSE_BASE_URL');
    return `${withoutSlash(withScheme(host ?? defaultHost))}/api/public/otel/v1/traces`;
  },
  headers: (variable) => ({
    authorization: basic(variable('LANGFUSE_PUBLIC_KEY'), variable('LANGFUSE_SECRET_KEY')),
    'x-langfuse-ingestion-version': '4',
  }),
});

const kinds: Readonly<Record<string, CallbackKind>> = {
  langfuse: langfuse('https://cloud.langfuse.com'),
  langfuse_otel: langfuse('https://us.cloud.langfuse.com'),
  otel: {
    flavour: 'plain',
    needs: [['OTEL_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']],
    url: (variable) => tracesUrl(variable('OTEL_ENDPOINT') ?? ''),
    headers: (variable) => headerList(variable('OTEL_HEADERS') ?? ''),
  },
  arize: {
    flavour: 'openinference',
    needs: [['ARIZE_SPACE_ID', 'ARIZE_SPACE_KEY'], ['ARIZE_API_KEY']],
    url: (variable) => tracesUrl(variable('ARIZE_HTTP_ENDPOINT') ?? 'https://otlp.arize.com/v1'),
    headers: (variable) => ({
      space_id: variable('ARIZE_SPACE_ID') ?? variable('ARIZE_SPACE_KEY') ?? '',
      api_key: variable('ARIZE_API_KEY') ?? '',
    }),
  },
  arize_phoenix: {
    flavour: 'openinference',
    needs: [['PHOENIX_COLLECTOR_HTTP_ENDPOINT', 'PHOENIX_COLLECTOR_ENDPOINT', 'PHOENIX_API_KEY']],
    url: (variable) =>
      tracesUrl(
        variable('PHOENIX_COLLECTOR_HTTP_ENDPOINT') ??
          variable('PHOENIX_COLLECTOR_ENDPOINT') ??
          'https://app.phoenix.arize.com',
      ),
    headers: (variable): Record<string, string> => {
      const key = variable('PHOENIX_API_KEY');
      return key === undefined ? {} : { authorization: `Bearer ${key}` };
    },
  },
  logfire: {
    flavour: 'plain',
    needs: [['LOGFIRE_TOKEN']],
    url: (variable) => tracesUrl(variable('LOGFIRE_BASE_URL') ?? 'https://logfire-api.pydantic.dev'),
    headers: (variable) => ({ authorization: variable('LOGFIRE_TOKEN') ?? '' }),
  },
};

/** LiteLLM's names of callbacks that are sent as OTLP. */
export const callbackNames: readonly string[] = Object.keys(kinds);

/** The variables that a callback misses, `A or B` where one of several is enough; empty where it has all. */
export function missingForCallback(name: string, variable: Variables): string[] {
  const needs = Object.hasOwn(kinds, name) ? (kinds[name]?.needs ?? []) : [];
  return needs.filter((names) => names.every((one) => variable(one) === undefined)).map((names) => names.join(' or '));
}

/**
 * Where a callback leads; null for one that is no OTLP backend or misses a variable. `otel` without OTEL_ENDPOINT is
 * null too: then the suite's own traces are exported, by OTEL_EXPORTER_OTLP_ENDPOINT, and a second copy helps nobody.
 */
export function callbackTarget(name: string, variable: Variables): CallbackTarget | null {
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (kind === undefined || missingForCallback(name, variable).length > 0) return null;
  if (name === 'otel' && variable('OTEL_ENDPOINT') === undefined) return null;
  return { flavour: kind.flavour, url: kind.url(variable), headers: kind.headers(variable) };
}

const withoutSlash = (url: string) => url.replace(/\/+$/, '');
const withScheme = (url: string) => (/^https?:\/\//.test(url) ? url : `https://${url}`);

/** The address of traces, whether a base, `.../v1` or the whole of it was given. */
function tracesUrl(endpoint: string): string {
  const base = withoutSlash(endpoint);
  if (base.endsWith('/v1/traces')) return base;
  return base.endsWith('/v1') ? `${base}/traces` : `${base}/v1/traces`;
}

/** `a=1,b=2`, as OpenTelemetry writes headers into one variable. */
function headerList(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const pair of text.split(',')) {
    const cut = pair.indexOf('=');
    if (cut > 0) headers[pair.slice(0, cut).trim().toLowerCase()] = pair.slice(cut + 1).trim();
  }
  return headers;
}
