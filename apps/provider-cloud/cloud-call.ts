/** Prepares the call of an attempt for its upstream's dialect. */
import type { InferOpen } from '#contracts';
import { prepareAnthropicCall } from './anthropic-call.js';
import { providerOf } from './providers/list.js';
import { prepareOpenAiCall, type CallAddress, type PreparedParts } from '#upstream';

/** `refused` where the upstream cannot express the request. */
export function prepareCloudCall(open: InferOpen, key: string | null, nowMs: number): PreparedParts {
  const { backend, upstreamModel, extraHeaders, dialect } = open.attempt;
  const provider = providerOf(backend.provider);
  const address: CallAddress = {
    urlOf: (path) => provider.url(backend, path, upstreamModel),
    headers: { ...extraHeaders, ...provider.headers(backend, key) },
  };
  return dialect === 'anthropic' ? prepareAnthropicCall(open, address, nowMs) : prepareOpenAiCall(open, address, nowMs);
}
