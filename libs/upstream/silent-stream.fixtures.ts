/** A stream to nobody, which takes everything at once. */
import type { StreamSender } from '#bus';

export const silent: StreamSender = {
  signal: new AbortController().signal,
  traceparent: null,
  queued: () => {},
  accepted: () => {},
  data: async () => {},
  usage: () => {},
  end: async () => {},
  error: async () => {},
};
