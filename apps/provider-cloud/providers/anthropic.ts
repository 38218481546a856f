/** Anthropic: its own dialect, version and key header. */
import type { CloudProvider } from './provider.js';

export const anthropic: CloudProvider = {
  url: (backend, path) => `${backend.apiBase.replace(/\/v1$/, '')}/v1/${path}`,
  headers: (backend, key) => ({
    'anthropic-version': backend.apiVersion ?? '2023-06-01',
    ...(key === null ? {} : { 'x-api-key': key }),
  }),
};
