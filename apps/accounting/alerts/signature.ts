/** Signs webhooks, so that the receiver knows that it was us and that it is no old message sent again. */
import { createHmac } from 'node:crypto';

/**
 * The header `x-signalbox-signature`: `t=SECONDS,v1=HEX`, the HMAC-SHA-256 of `SECONDS.BODY` under the shared secret (the
 * scheme of Stripe's webhooks).
 */
export function signatureOf(body: string, secret: string, at: Date): string {
  const seconds = Math.floor(at.getTime() / 1_000);
  const digest = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${digest}`;
}
