/** The whole file: its sections in one list, for checks, config.schema.json and the documentation. */
import { z } from 'zod';
import { LitellmParams, ModelEntry, ModelInfo } from './model-schema.js';
import { DeclaredKeyEntry, GeneralSettings, LitellmSettings, RouterSettings } from './section-schemas.js';
import { SignalboxSettings } from './signalbox-schema.js';

export const settingSections = {
  litellm_settings: LitellmSettings,
  router_settings: RouterSettings,
  general_settings: GeneralSettings,
  signalbox: SignalboxSettings,
} as const;
export type SettingSection = keyof typeof settingSections;

/** Sections of LiteLLM that have no effect here. */
export const inertSections: Readonly<Record<string, string>> = {
  callback_settings: 'callbacks are set by litellm_settings and the environment',
  guardrails: 'there are no guardrails here',
  prompts: 'there is no prompt management here',
  mcp_servers: 'MCP servers are not served here',
  mcp_tools: 'MCP tools are not served here',
  agent_list: 'agents are not served here',
  assistant_settings: 'assistants are not served here',
  finetune_settings: 'fine-tuning is not served here',
  files_settings: 'files are not served here',
  default_vertex_config: 'Vertex AI is not supported',
  search_tools: 'search tools are not served here',
  vector_store_registry: 'vector stores are not served here',
};

const Credential = z.object({
  credential_name: z.string().min(1),
  credential_values: z.record(z.string(), z.unknown()),
  credential_info: z.unknown().optional(),
});

export const sections = {
  model_list: z.array(z.unknown()),
  litellm_settings: z.record(z.string(), z.unknown()),
  router_settings: z.record(z.string(), z.unknown()),
  general_settings: z.record(z.string(), z.unknown()),
  signalbox: z.record(z.string(), z.unknown()),
  environment_variables: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  key_management: z.object({ keys: z.array(z.unknown()).optional() }),
  credential_list: z.array(Credential),
  include: z.array(z.string().min(1)),
} as const;

/** The form of the file for editors: what `config check` accepts without a word. */
export const ConfigFile = z
  .object({
    model_list: z
      .array(
        ModelEntry.extend({
          litellm_params: LitellmParams.required({ model: true }).loose(),
          model_info: ModelInfo.optional(),
          fallback_models: z.array(z.string()).optional(),
        }),
      )
      .optional(),
    litellm_settings: LitellmSettings.loose().optional(),
    router_settings: RouterSettings.loose().optional(),
    general_settings: GeneralSettings.loose().optional(),
    signalbox: SignalboxSettings.optional(),
    environment_variables: sections.environment_variables.optional(),
    key_management: z.object({ keys: z.array(DeclaredKeyEntry).optional() }).optional(),
    credential_list: sections.credential_list.optional(),
    include: sections.include.optional(),
  })
  .loose();
