/** What the health report means for somebody who looks after the gateway. Pure. */
import type { Endpoint, Health, Host, LoadedModel } from '../api/answers.js';

/** How a state looks: the word is always shown beside the colour. */
export type Tone = 'good' | 'warn' | 'bad' | 'idle';

const tones: Readonly<Record<string, Tone>> = { healthy: 'good', degraded: 'warn', unhealthy: 'bad' };

export function hostTone(host: Pick<Host, 'state'>): Tone {
  return tones[host.state] ?? 'idle';
}

export interface ModelPlace {
  readonly id: string;
  readonly host: string;
  readonly upstream: string;
  readonly tone: Tone;
  readonly state: 'ready' | 'loaded' | 'cooling' | 'out' | 'unknown';
  /** Why it takes no requests; null where it does. */
  readonly reason: string | null;
}

export interface ModelView {
  readonly name: string;
  readonly tone: Tone;
  /** Deployments that take requests, of all. */
  readonly serving: number;
  readonly places: readonly ModelPlace[];
}

/** Every model with its deployments, by name; models that nobody serves come first. */
export function modelsOf(health: Health): ModelView[] {
  const endpoints = [...health.healthy_endpoints, ...health.unhealthy_endpoints];
  const hosts = new Map(health.backends.map((host) => [host.id, host]));
  const models = new Map<string, ModelPlace[]>();
  for (const endpoint of endpoints) {
    const places = models.get(endpoint.model) ?? [];
    places.push(placeOf(endpoint, hosts.get(endpoint.backend)));
    models.set(endpoint.model, places);
  }
  return [...models]
    .map(([name, places]) => modelView(name, places))
    .sort((a, b) => Number(a.serving > 0) - Number(b.serving > 0) || a.name.localeCompare(b.name));
}

function modelView(name: string, places: readonly ModelPlace[]): ModelView {
  const serving = places.filter((place) => place.reason === null).length;
  const tone =
    serving === places.length
      ? places.every((place) => place.tone === 'idle')
        ? 'idle'
        : 'good'
      : serving > 0
        ? 'warn'
        : 'bad';
  return { name, tone, serving, places };
}

function placeOf(endpoint: Endpoint, host: Host | undefined): ModelPlace {
  const facts = { id: endpoint.model_id, host: endpoint.backend, upstream: endpoint.upstream_model };
  if (endpoint.error !== undefined) {
    const cooling = endpoint.error.startsWith('cooling down');
    return { ...facts, reason: endpoint.error, state: cooling ? 'cooling' : 'out', tone: cooling ? 'warn' : 'bad' };
  }
  if (host === undefined || hostTone(host) === 'idle')
    return { ...facts, reason: null, state: 'unknown', tone: 'idle' };
  const loaded = (host.loaded_models ?? []).some((model) => sameName(model.name, endpoint.upstream_model));
  return { ...facts, reason: null, state: loaded ? 'loaded' : 'ready', tone: 'good' };
}

function sameName(a: string, b: string): boolean {
  const tagged = (name: string) => (name.includes(':') ? name : `${name}:latest`).toLowerCase();
  return tagged(a) === tagged(b);
}

/** Hosts that answer, of all. */
export function hostCount(health: Health): { up: number; all: number } {
  const up = health.backends.filter((host) => hostTone(host) === 'good' || hostTone(host) === 'warn').length;
  return { up, all: health.backends.length };
}

/** How much of a loaded model lies in the memory of the GPU: `GPU`, `CPU`, or a share. */
export function memoryOf(model: Pick<LoadedModel, 'sizeBytes' | 'vramBytes'>): string {
  if (model.sizeBytes <= 0 || model.vramBytes >= model.sizeBytes) return 'GPU';
  if (model.vramBytes <= 0) return 'CPU';
  return `${Math.round((model.vramBytes / model.sizeBytes) * 100).toString()} % GPU`;
}
