/**
 * Takes secrets and addresses out of what an upstream said, before it may reach a client or a log. It errs on the side of
 * taking out too much: a garbled hint is better than a leaked key.
 */

const defaultMaxLength = 500;
/** Longer texts (an HTML page of a proxy) are cut before anything looks at them. */
const maxInspected = 2048;

const secretNames =
  'api[_-]?keys?|access[_-]?token|auth[_-]?token|token|secret|password|passwd|authorization|x-api-key';
const domains =
  'local|lan|home|internal|intranet|corp|private|localdomain|localhost|arpa|svc|com|net|org|io|ai|dev|app|cloud|co|eu|de|uk|us|ch|at|fr|nl|cn|jp|tv|me|sh|xyz|tech|run|host|site|online';

type Rule = readonly [pattern: RegExp, replacement: string];

const url: Rule = [/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>`)\]}]*/giu, '[url]'];
const keys: readonly Rule[] = [
  [/\b(bearer|basic)\s+[\w.~+/=*-]{6,}/giu, '$1 [key]'],
  [/\beyJ[\w-]{8,}(?:\.[\w-]*){0,2}/gu, '[key]'],
  [/\b(?:sk|pk|rk|gsk|xai|key|hf|nvapi|pplx|fw|tgp|r8|csk|ghp|gho|glpat|xoxb)[-_][\w*.-]{4,}[\w*]/giu, '[key]'],
  [/\bAIza[\w-]{10,}/gu, '[key]'],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{12,}/gu, '[key]'],
];
const namedSecrets: readonly Rule[] = [
  [new RegExp(`\\b(${secretNames})(["']?\\s*[=:]\\s*["']?)(?!\\[)[^\\s"',;}]{4,}`, 'giu'), '$1$2[key]'],
  [/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/gu, '[email]'],
];
const looksSecret: readonly Rule[] = [
  [/\b[0-9a-f]{32,}\b/giu, '[secret]'],
  [/(?<![\w+/-])(?=[\w+/-]*\d)(?=[\w+/-]*[A-Za-z])[\w+/-]{40,}={0,2}/gu, '[secret]'],
];
const ids: readonly Rule[] = [[/\b(?:org|proj|user|acct|req)[-_][A-Za-z0-9]{8,}\b/gu, '[id]']];
const places: readonly Rule[] = [
  [
    /\b(getaddrinfo \w+|lookup|ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ECONNRESET|ETIMEDOUT)\s+(?!\[|on\b)[^\s,;]+/gu,
    '$1 [address]',
  ],
  [/\[[0-9a-f:.%]*:[0-9a-f:.%]*:[0-9a-f:.%\w]*\](?::\d{1,5})?/giu, '[address]'],
  [/(?<![\w:])(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4})+(?![\w:])/giu, '[address]'],
  [/(?<![\w:])::(?:ffff:)?(?:[0-9a-f]{1,4}|\d{1,3}(?:\.\d{1,3}){3})(?![\w:])/giu, '[address]'],
  [/(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\w.]*\d)/gu, '[address]'],
  [/\blocalhost\b(?::\d{1,5})?/giu, '[address]'],
  [/\b[a-z0-9-]+(?:\.[a-z0-9-]+)+:\d{2,5}\b/giu, '[address]'],
  [/\b(?=[a-z0-9-]*[a-z])[a-z0-9-]+:\d{4,5}\b/giu, '[address]'],
  [
    new RegExp(`\\b(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\\.)+(?:${domains})\\b(?![\\w-])(?:/[\\w./-]*)?`, 'giu'),
    '[address]',
  ],
  [
    /(?<![\w/])\/(?:home|root|usr|var|opt|tmp|mnt|data|etc|srv|models|Users|Volumes|app|workspace)\/[^\s"',;:)]*/gu,
    '[path]',
  ],
  [/\b[A-Z]:\\[^\s"',;)]*/gu, '[path]'],
];

/** In this order: a URL may hold a key, a key may look like a name. An id is taken out before what is called a secret. */
const rules: readonly Rule[] = [url, ...keys, ...ids, ...namedSecrets, ...places, ...looksSecret];
const secretRules: readonly Rule[] = [
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@:]+:[^\s/@]+@/giu, '$1[key]@'],
  ...keys,
  ...namedSecrets,
  ...looksSecret,
];

/** A person's text without what looks like a key, a password or a mail address; the rest of it stays as it is. */
export function scrubSecrets(text: string): string {
  let scrubbed = text;
  for (const [pattern, replacement] of secretRules) scrubbed = scrubbed.replaceAll(pattern, replacement);
  return scrubbed;
}

/** The text without keys, URLs, hosts, addresses and paths of machines, on one line, at most `maxLength` characters. */
export function scrubUpstreamText(text: string, maxLength = defaultMaxLength): string {
  let scrubbed = text
    .slice(0, maxInspected)
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  for (const [pattern, replacement] of rules) scrubbed = scrubbed.replaceAll(pattern, replacement);
  return scrubbed.length <= maxLength ? scrubbed : `${scrubbed.slice(0, maxLength - 1).trimEnd()}…`;
}
