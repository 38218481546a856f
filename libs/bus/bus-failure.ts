/** A request that got no answer over the bus. To whoever asked it is service_unavailable; traces and metrics are told why. */
import { GatewayError } from '#contracts';

export type BusErrorType = 'bus_timeout' | 'bus_no_responders' | 'bus_disconnected';

const texts: Readonly<Record<BusErrorType, string>> = {
  bus_timeout: 'it did not answer in time',
  bus_no_responders: 'nobody serves it',
  bus_disconnected: 'the bus is not connected',
};

/** What `error_type` of the metric may be, but for `_OTHER`. */
export const busErrorTypes: readonly string[] = [...Object.keys(texts), 'internal_error'];

export class BusFailure extends GatewayError {
  constructor(
    readonly errorType: BusErrorType,
    subject: string,
    cause?: unknown,
  ) {
    super('service_unavailable', { adminText: `${subject}: ${texts[errorType]}` }, { cause });
  }
}

/**
 * The `error_type` of a failed request; null where it was answered with a refusal, which is no error of the bus. A handler
 * that broke (internal_error) is counted, since its caller got no answer either.
 */
export function busErrorTypeOf(error: unknown): string | null {
  if (error instanceof BusFailure) return error.errorType;
  if (error instanceof GatewayError) return error.code === 'internal_error' ? error.code : null;
  return error instanceof Error && error.name === 'AbortError' ? null : '_OTHER';
}
