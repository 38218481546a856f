/** What the router knows of models, in the shapes that clients list. Pure. */
import type { Deployment, Endpoint, ModelCard } from '#contracts';
import type { ListedModel, ModelGroup, ModelInfo } from '#wire';

/** Clients sort by it; it stands for "always been there". */
const createdSeconds = 1_677_610_602;

/** LiteLLM's names of what a model is for. */
const modeNames: Readonly<Record<Endpoint, string>> = {
  chat: 'chat',
  completion: 'completion',
  embedding: 'embedding',
  rerank: 'rerank',
  speech: 'audio_speech',
  transcription: 'audio_transcription',
  image: 'image_generation',
  moderation: 'moderation',
};

/** One model of /v1/models. */
export function listedModel(card: ModelCard): ListedModel {
  return {
    id: card.id,
    created: createdSeconds,
    ownedBy: card.provider,
    mode: modeNames[card.mode],
    capabilities: card.capabilities,
    ...(card.maxInputTokens === null ? {} : { contextLength: card.maxInputTokens }),
    ...(card.maxOutputTokens === null ? {} : { maxOutputTokens: card.maxOutputTokens }),
    ...perToken('inputCostPerToken', card.price?.inputPerMillion),
    ...perToken('outputCostPerToken', card.price?.outputPerMillion),
  };
}

/** One name of /model_group/info: what its deployments can together. Limits are summed; one without a limit has none. */
export function modelGroupOf(card: ModelCard, all: readonly Deployment[]): ModelGroup {
  const deployments = all.filter(({ id }) => card.deploymentIds.includes(id));
  const sum = (limits: readonly (number | null)[]): number | null =>
    limits.length === 0 || limits.includes(null) ? null : limits.reduce<number>((total, one) => total + (one ?? 0), 0);
  return {
    ...listedModel(card),
    providers: [...new Set(deployments.map(({ provider }) => provider))],
    mode: modeNames[card.mode],
    rpm: sum(deployments.map(({ rpm }) => rpm)),
    tpm: sum(deployments.map(({ tpm }) => tpm)),
  };
}

/** One deployment of /v1/model/info, with its data policy. No address and no key. */
export function modelInfoOf(card: ModelCard, deployment: Deployment): ModelInfo {
  return {
    ...listedModel(card),
    deploymentId: deployment.id,
    upstreamModel: `${deployment.provider}/${deployment.upstreamModel}`,
    provider: deployment.provider,
    mode: modeNames[deployment.mode],
    more: {
      ...deployment.modelInfo,
      data_policy: deployment.dataPolicy,
      ...(deployment.order === null ? {} : { order: deployment.order }),
      ...(deployment.rpm === null ? {} : { rpm: deployment.rpm }),
      ...(deployment.tpm === null ? {} : { tpm: deployment.tpm }),
    },
  };
}

function perToken(
  name: 'inputCostPerToken' | 'outputCostPerToken',
  perMillion: string | undefined,
): Partial<Record<typeof name, number>> {
  return perMillion === undefined ? {} : { [name]: Number(perMillion) / 1e6 };
}
