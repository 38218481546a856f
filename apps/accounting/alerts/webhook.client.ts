/** Posts a JSON body to an address of the operator's. */
import { signatureOf } from './signature.js';

const timeoutMs = 5_000;

export interface WebhookTarget {
  readonly url: string;
  /** null = unsigned. */
  readonly secret: string | null;
}

export type WebhookResult =
  | { readonly kind: 'sent' }
  /** Trying again may help. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** The receiver does not want it; trying again cannot help. */
  | { readonly kind: 'refused'; readonly status: number };

/** Sends once; never throws. Redirects are not followed: the body may name people and budgets. */
export async function postWebhook(target: WebhookTarget, payload: unknown, at: Date): Promise<WebhookResult> {
  const body = JSON.stringify(payload);
  const headers: Record<string, string> = { 'content-type': 'application/json', 'user-agent': 'signalbox' };
  if (target.secret !== null) headers['x-signalbox-signature'] = signatureOf(body, target.secret, at);
  try {
    const response = await fetch(target.url, {
      method: 'POST',
      headers,
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    if (response.ok) return { kind: 'sent' };
    const { status } = response;
    const mayHelp = status === 408 || status === 429 || status >= 500;
    return mayHelp ? { kind: 'failed', reason: `status ${status}` } : { kind: 'refused', status };
  } catch (error) {
    // Without the address: it holds the receiver's token in Slack's case.
    return { kind: 'failed', reason: error instanceof Error ? error.name : 'unknown' };
  }
}
