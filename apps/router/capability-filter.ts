/** Whether a deployment can do what the request needs: endpoint, tools, vision, JSON schema, reasoning. Unknown is yes. */
import type { Capabilities, Endpoint, InstalledModel, PlanQuery } from '#contracts';
import type { Candidate } from './candidate.js';

const textModes: readonly Endpoint[] = ['chat', 'completion'];

/** Why it cannot, or null. `installed` is what the host itself says of the model, where it was asked. */
export function missingCapability(
  candidate: Candidate,
  query: Pick<PlanQuery, 'endpoint' | 'needs'>,
  installed: InstalledModel | null,
): string | null {
  const { deployment } = candidate;
  const said = installed?.capabilities ?? null;
  if (!servesEndpoint(candidate, query.endpoint, said)) return `is no ${query.endpoint} model`;
  const { tools, vision, jsonSchema, reasoning, nativeTool } = query.needs;
  if (nativeTool !== undefined && candidate.backend.dialect !== 'anthropic' && !deployment.dropParams) {
    return `does not have Anthropic's tool '${nativeTool}' (leave it out, or set drop_params)`;
  }
  if (!tools && !vision && !jsonSchema && !reasoning) return null;
  const known = (need: keyof Capabilities, word: string): boolean | null =>
    deployment.capabilities[need] ?? (said === null ? null : said.includes(word));
  if (tools && known('tools', 'tools') === false) return 'does not support tools';
  if (vision && known('vision', 'vision') === false) return 'does not support images';
  if (jsonSchema && deployment.capabilities.jsonSchema === false) return 'does not support JSON schemas';
  const reasons = known('reasoning', 'thinking');
  if (reasoning && reasons === false && !deployment.dropParams) return 'does not support reasoning';
  return null;
}

/**
 * Chat and completion are one (sample 002 writes `mode: completion` for chat models). A mode that nobody wrote down does
 * not keep a model from other endpoints: wildcards and LiteLLM's own configs leave it out.
 */
function servesEndpoint(candidate: Candidate, endpoint: Endpoint, said: readonly string[] | null): boolean {
  const { deployment } = candidate;
  const wantsText = textModes.includes(endpoint);
  if (said !== null && said.length > 0) {
    if (wantsText && !said.includes('completion')) return false;
    if (endpoint === 'embedding' && !said.includes('embedding')) return false;
  }
  // Neither Ollama nor Anthropic has any other endpoint. Anthropic is asked for a completion as for one turn of a chat.
  const { dialect } = candidate.backend;
  if (dialect === 'anthropic' && !wantsText) return false;
  if (dialect === 'ollama' && !wantsText && endpoint !== 'embedding') return false;
  if (deployment.mode === endpoint) return true;
  if (textModes.includes(deployment.mode)) {
    return wantsText || typeof deployment.modelInfo['mode'] !== 'string';
  }
  return false;
}
