/** Prepares the call of an attempt for its upstream's dialect. */
import type { InferOpen } from '#contracts';
import { prepareAnthropicCall } from './anthropic-call.js';
import { providerOf } from './providers/list.js';
import { prepareOpenAiCall, type CallAddress, type PreparedParts } from '#upstream';

/** `refused` where the upstream cannot express the request. `headers`: the deployment's own, with their variables filled in. */
export function prepareCloudCall(
  open: InferOpen,
  credentials: { readonly key: string | null; readonly headers: Readonly<Record<string, string>> },
  nowMs: number,
): PreparedParts {
  const { backend, upstreamModel, dialect } = open.attempt;
  const provider = providerOf(backend.provider);
  const address: CallAddress = {
    urlOf: (path) => provider.url(backend, path, upstreamModel),
    headers: { ...credentials.headers, ...provider.headers(backend, credentials.key) },
  };
  return dialect === 'anthropic' ? prepareAnthropicCall(open, address, nowMs) : prepareOpenAiCall(open, address, nowMs);
}
