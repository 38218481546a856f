/** A wildcard's deployment for one model: the name filled in, and what the table of models knows of it. */
import type { Deployment, Price } from '#contracts';
import { findModelFacts, findPrice } from '#pricing';
import { withTag, type Candidate } from './candidate.js';
import { fillWildcard } from './wildcard.js';

/** Under `*` a client may write the provider in front, as LiteLLM's users do: it is not a part of the upstream's name. */
export function fillCandidate(candidate: Candidate, captured: readonly string[]): Candidate {
  const { deployment } = candidate;
  const filled = fillWildcard(deployment.upstreamModel, captured);
  const prefix = `${deployment.provider}/`;
  const isBare = deployment.upstreamModel === '*' && filled.startsWith(prefix);
  const upstreamModel = isBare ? filled.slice(prefix.length) : filled;
  return {
    ...candidate,
    deployment: known(deployment, upstreamModel),
    upstreamModel,
    taggedModel: withTag(upstreamModel),
  };
}

/** The config's word first; a wildcard that says nothing of price and size means the model's own. */
function known(deployment: Deployment, model: string): Deployment {
  const facts = findModelFacts(deployment.provider, model);
  const price = deployment.price ?? priceOf(deployment.provider, model);
  if (facts === null) return price === deployment.price ? deployment : { ...deployment, price };
  const { capabilities: own } = deployment;
  const { capabilities: listed } = facts;
  return {
    ...deployment,
    price,
    mode: typeof deployment.modelInfo['mode'] === 'string' ? deployment.mode : facts.mode,
    maxInputTokens: deployment.maxInputTokens ?? facts.maxInputTokens,
    maxOutputTokens: deployment.maxOutputTokens ?? facts.maxOutputTokens,
    capabilities: {
      tools: own.tools ?? listed.tools,
      vision: own.vision ?? listed.vision,
      jsonSchema: own.jsonSchema ?? listed.jsonSchema,
      reasoning: own.reasoning ?? listed.reasoning,
    },
  };
}

function priceOf(provider: string, model: string): Price | null {
  const listed = findPrice(provider, model);
  return listed === null ? null : { ...listed, longContext: listed.longContext ?? undefined };
}
