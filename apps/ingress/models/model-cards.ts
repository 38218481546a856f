/** What the router knows of models, in the shapes that clients list. Pure. */
import type { Deployment, ModelCard } from '#contracts';
import type { ListedModel, ModelInfo } from '#wire';

/** Clients sort by it; it stands for "always been there". */
const createdSeconds = 1_677_610_602;

/** One model of /v1/models. */
export function listedModel(card: ModelCard): ListedModel {
  return {
    id: card.id,
    created: createdSeconds,
    ownedBy: card.provider,
    capabilities: card.capabilities,
    ...(card.maxInputTokens === null ? {} : { contextLength: card.maxInputTokens }),
    ...(card.maxOutputTokens === null ? {} : { maxOutputTokens: card.maxOutputTokens }),
    ...perToken('inputCostPerToken', card.price?.inputPerMillion),
    ...perToken('outputCostPerToken', card.price?.outputPerMillion),
  };
}

/** One deployment of /v1/model/info, with its data policy. No address and no key. */
export function modelInfoOf(card: ModelCard, deployment: Deployment): ModelInfo {
  return {
    ...listedModel(card),
    deploymentId: deployment.id,
    upstreamModel: `${deployment.provider}/${deployment.upstreamModel}`,
    provider: deployment.provider,
    mode: deployment.mode,
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
