/** Azure OpenAI: a deployment's endpoints lie below its name, the API's version is a query. */
import type { CloudProvider } from './provider.js';

/** Used where the config names no api_version; the oldest with tools, JSON schemas and usage in streams. */
const defaultVersion = '2024-10-21';

export const azure: CloudProvider = {
  url: (backend, path, model) => {
    const base = backend.apiBase.replace(/\/openai(?:\/v1)?$/, '');
    return `${base}/openai/deployments/${encodeURIComponent(model)}/${path}?api-version=${encodeURIComponent(backend.apiVersion ?? defaultVersion)}`;
  },
  headers: (_backend, key) => (key === null ? {} : { 'api-key': key }),
};
