/** The owners' config files as they wrote them, with nothing changed but the addresses: those lead to test upstreams. */
import { readFileSync } from 'node:fs';

/** Text of a sample; each replacement must be found, so that a changed sample is noticed. */
export function sampleConfig(name: string, addresses: Readonly<Record<string, string>>): string {
  let text = readFileSync(new URL(`../fixtures/samples/${name}`, import.meta.url), 'utf8');
  for (const [written, used] of Object.entries(addresses)) {
    if (!text.includes(written)) throw new Error(`${name} does not contain ${written}`);
    text = text.replaceAll(written, used);
  }
  return text;
}

/** A cloud's address stands beside its key, indented like it: the samples rely on the provider's own. */
export function withApiBase(keyLine: string, apiBase: string): Record<string, string> {
  return { [`${keyLine}\n`]: `${keyLine}\n        api_base: ${apiBase}\n` };
}
