/** Collects the hosts and accounts that deployments need, and gives each a readable, stable id. */
import { createHash } from 'node:crypto';
import { BackendId, type Backend, type SecretRef } from '#contracts';
import { providers, type Provider } from '../providers.js';

/** A backend without its id. */
export type BackendSpec = Omit<Backend, 'id'> & {
  /** The secret's text where the file holds it: the same key in two places is one account. Never leaves this module. */
  readonly literalKey: string | null;
};

export class BackendRegistry {
  readonly #specs = new Map<string, BackendSpec>();

  /** Registers a host or account; returns the handle under which `finish` knows it. */
  add(spec: BackendSpec): string {
    const handle = JSON.stringify([spec.kind, accountOf(spec)]);
    const known = this.#specs.get(handle);
    const slots = Math.max(known?.maxParallelRequests ?? 0, spec.maxParallelRequests ?? 0);
    this.#specs.set(handle, { ...(known ?? spec), maxParallelRequests: slots === 0 ? null : slots });
    return handle;
  }

  /** The backends by handle. Where two accounts share a host, all but the one with the usual key carry a short hash. */
  finish(): ReadonlyMap<string, Backend> {
    const users = new Map<string, number>();
    for (const spec of this.#specs.values()) users.set(nameOf(spec), (users.get(nameOf(spec)) ?? 0) + 1);
    const backends = new Map<string, Backend>();
    for (const [handle, { literalKey: _literalKey, ...spec }] of this.#specs) {
      const name = nameOf(spec);
      const isUsual = isUsualAccount(spec, providers[spec.provider]);
      const id =
        users.get(name) === 1 || isUsual ? name : `${name}-${shortHash(accountOf({ ...spec, literalKey: null }))}`;
      backends.set(handle, { id: BackendId.parse(id), ...spec });
    }
    return backends;
  }
}

/** What tells one account from another. */
function accountOf(spec: BackendSpec): unknown[] {
  const key = spec.literalKey === null ? spec.apiKey : { literal: shortHash([spec.literalKey]) };
  return [spec.provider, spec.apiBase, key, spec.apiVersion, spec.organization];
}

function isUsualAccount(
  spec: { apiKey: SecretRef | null; apiVersion: string | null; organization: string | null },
  provider?: Provider,
): boolean {
  const isUsualKey = spec.apiKey === null || (spec.apiKey.from === 'env' && spec.apiKey.name === provider?.keyVariable);
  return isUsualKey && spec.apiVersion === null && spec.organization === null;
}

/** `ollama-gpu-server-1-11434`, `openrouter`, `openai-10-0-0-5-8000`. */
function nameOf(spec: { provider: string; apiBase: string; kind: string }): string {
  const url = new URL(spec.apiBase);
  const isKnown = spec.kind === 'cloud' && providers[spec.provider]?.apiBase === spec.apiBase;
  const path = url.pathname.replace(/^\/(v1)?\/?$/, '');
  const port =
    url.port === '' ? (url.protocol === 'https:' && spec.kind === 'cloud' ? '' : defaultPort(url)) : url.port;
  const text = isKnown
    ? spec.provider
    : [spec.provider, url.hostname, port, path].filter((part) => part !== '').join('-');
  const safe = text.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '');
  return safe.length <= 80 ? safe : `${safe.slice(0, 70)}-${shortHash([text])}`;
}

const defaultPort = (url: URL) => (url.protocol === 'https:' ? '443' : '80');

/** Six hex digits of a hash: tells apart the few accounts of one host. */
export function shortHash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 6);
}
