/** One question, asked through the suite in the ways that tests of the wire look at. */
import type { Suite } from '#testing';

export const messages = [{ role: 'user' as const, content: 'Which lamp is lit?' }];

const path = '/v1/chat/completions';

/** The whole answer. */
export async function askWhole(
  suite: Suite,
  model: string,
  more: object,
): Promise<{ status: number; body: unknown; headers: Headers }> {
  const response = await suite.fetch(path, { method: 'POST', body: { model, messages, ...more } });
  return { status: response.status, body: await response.json(), headers: response.headers };
}

/** The bytes of a streamed answer as text. */
export async function askStreamed(suite: Suite, model: string): Promise<string> {
  return (await suite.fetch(path, { method: 'POST', body: { model, messages, stream: true } })).text();
}
