/** The gateway of seed 001 as its owner tells of it, beyond the file. */
import { parse, stringify } from 'yaml';
import { z } from 'zod';

const section = z.record(z.string(), z.unknown());
const Sections = z.looseObject({
  model_list: z.array(z.unknown()),
  general_settings: section,
  litellm_settings: section,
});

/** The sample with what its owner's text adds: clouds by name, fallbacks, alerts, metrics. A request to a cloud costs a dollar. */
export function extendedConfig(
  sample: string,
  at: { studio: string; openRouter: string; anthropic: string },
  more: { signalbox?: object } = {},
): string {
  const config = Sections.parse(parse(sample));
  const paid = { input_cost_per_token: 0, output_cost_per_token: 0, input_cost_per_request: 1 };
  const openRouterAt = { api_base: `${at.openRouter}/api/v1`, api_key: 'sk-or' };
  config.model_list.push(
    {
      model_name: 'claude-opus-4-8',
      litellm_params: { model: 'anthropic/claude-opus-4-8', api_base: at.anthropic, api_key: 'sk-ant', ...paid },
    },
    {
      model_name: 'gpt-4',
      litellm_params: { model: 'openrouter/openai/gpt-4', ...openRouterAt, ...paid, fallback_models: ['steady'] },
      model_info: { max_input_tokens: 500_000 },
    },
    {
      model_name: 'steady',
      litellm_params: { model: 'ollama/gemma4:26b', api_base: at.studio },
    },
    {
      model_name: 'reader',
      litellm_params: {
        model: 'ollama/gemma4:26b',
        api_base: at.studio,
        fallback_models: ['long-reader'],
      },
      model_info: { max_input_tokens: 200_000 },
    },
    { model_name: 'long-reader', litellm_params: { model: 'ollama/long:1m', api_base: at.studio } },
    {
      model_name: 'note',
      litellm_params: { model: 'ollama/gemma4:26b', api_base: at.studio },
      model_info: { max_input_tokens: 1_000 },
    },
  );
  config.general_settings = { ...config.general_settings, alerting: ['webhook'] };
  config.litellm_settings = { ...config.litellm_settings, callbacks: ['prometheus'], num_retries: 0 };
  return stringify({ ...config, ...more });
}
