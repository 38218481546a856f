/** What is said of accounts at providers: retired models, refused keys. As a webhook's body and as text. */
import type { AlertCredentialsEvent, AlertModelsEvent } from '#contracts';
import { escapedText } from './webhook-payload.js';

/** The body: like the budget events, told apart by `event`; our own, LiteLLM has none of these. */
interface AccountPayload {
  readonly event: 'models_retired' | 'credentials_refused' | 'credit_used_up';
  readonly event_group: 'proxy';
  readonly event_message: string;
  readonly backend_id: string;
  readonly provider: string;
  readonly models: readonly {
    readonly model_name: string;
    readonly model_id: string;
    readonly upstream_model: string;
    /** What could stand in for it; null where nothing else is free. */
    readonly replacement: string | null;
    readonly replacement_context_length: number | null;
    readonly replacement_strengths: readonly string[];
  }[];
  readonly id: string;
}

/** Configured models that the provider does not offer any more. */
export function retiredModelsPayload({ at, backendId, provider, gone }: AlertModelsEvent): AccountPayload {
  const names = gone.map(({ upstreamModel }) => upstreamModel).join(', ');
  const advice = gone.flatMap(({ upstreamModel, replacement }) =>
    replacement === null ? [] : [`${replacement.upstreamModel} for ${upstreamModel}`],
  );
  const could =
    advice.length === 0
      ? ''
      : ` What could replace them: ${advice.join(', ')}; \`npx signalbox models refresh --write\` puts it into the config.`;
  return {
    event: 'models_retired',
    event_group: 'proxy',
    event_message:
      `${provider} no longer offers: ${names}. Requests for them go on to fallbacks, where there are any.` + could,
    backend_id: backendId,
    provider,
    models: gone.map(({ modelName, deploymentId, upstreamModel, replacement }) => ({
      model_name: modelName,
      model_id: deploymentId,
      upstream_model: upstreamModel,
      replacement: replacement?.upstreamModel ?? null,
      replacement_context_length: replacement?.contextLength ?? null,
      replacement_strengths: replacement?.capabilities ?? [],
    })),
    id: `models:${backendId}:${at}`,
  };
}

/** A key that the provider refuses, or an account without credit. Never the key. */
export function credentialsPayload({ at, backendId, provider, problem }: AlertCredentialsEvent): AccountPayload {
  const refused = problem === 'refused';
  return {
    event: refused ? 'credentials_refused' : 'credit_used_up',
    event_group: 'proxy',
    event_message: refused
      ? `${provider} refuses the API key of '${backendId}'.`
      : `The account '${backendId}' at ${provider} has no credit left.`,
    backend_id: backendId,
    provider,
    models: [],
    id: `credentials:${backendId}:${problem}:${at}`,
  };
}

/** The same as text for people. */
export function slackAccount({ event_message: said }: AccountPayload): { readonly text: string } {
  return { text: escapedText(said) };
}
