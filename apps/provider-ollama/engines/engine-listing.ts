/**
 * What local engines that speak OpenAI's API say of themselves beside it. Sources: LM Studio's REST API v1 and v0, the
 * README of llama.cpp's server (/v1/models, /props), vLLM's /v1/models, and the OpenAPI of text-generation-inference
 * (/info). Pure.
 */
import { z } from 'zod';
import type { InstalledModel, LoadedModel } from '#contracts';
import type { ListedModel } from '../queue/resident-key.js';

export interface EngineListing {
  readonly installed: readonly InstalledModel[];
  /** null where the engine does not tell. */
  readonly loaded: readonly LoadedModel[] | null;
  /** For the queue; null where the engine never swaps. */
  readonly listed: readonly ListedModel[] | null;
  /** The engine has loaded all that it will ever serve. */
  readonly isFixed: boolean;
  /** Requests that it serves at once; null where it does not tell. */
  readonly slots: number | null;
}

interface Described {
  readonly name: string;
  readonly sizeBytes?: number | undefined;
  readonly contextLength: number | null;
  readonly capabilities: readonly string[] | null;
  /** Names and contexts of what is in memory; empty where it is not, null where nobody knows. */
  readonly instances: readonly { readonly name: string; readonly contextLength: number | null }[] | null;
}

function listingOf(models: readonly Described[], isFixed = false): EngineListing {
  const loaded = models.flatMap(({ name, sizeBytes = 0, contextLength, instances }) => {
    const [first] = instances ?? [];
    const context = first?.contextLength ?? contextLength;
    return first === undefined
      ? []
      : [{ name, sizeBytes, vramBytes: sizeBytes, contextLength: context, expiresAt: null }];
  });
  // Requests may name the model or one of its instances: they share the memory.
  const listed = models.flatMap(({ name, instances }) =>
    (instances ?? []).length === 0
      ? []
      : [...new Set([name, ...(instances ?? []).map((instance) => instance.name)])].map((each) => ({
          name: each,
          digest: null,
          contextLength: null,
        })),
  );
  const isKnown = models.every(({ instances }) => instances !== null);
  return {
    installed: models.map(({ name, sizeBytes, contextLength, capabilities }) => ({
      name,
      sizeBytes: sizeBytes ?? null,
      contextLength,
      capabilities: capabilities === null ? null : [...capabilities],
    })),
    loaded: isKnown ? loaded : null,
    listed: isKnown && !isFixed ? listed : null,
    isFixed,
    slots: null,
  };
}

const StudioV1 = z.object({
  models: z.array(
    z.object({
      type: z.string(),
      key: z.string(),
      size_bytes: z.number().optional(),
      max_context_length: z.number().nullish(),
      loaded_instances: z.array(
        z.object({ id: z.string(), config: z.looseObject({ context_length: z.number().optional() }).optional() }),
      ),
      capabilities: z.looseObject({ vision: z.boolean().optional() }).nullish(),
    }),
  ),
});

/** LM Studio from 0.4: GET /api/v1/models. null where the answer has another form. */
export function readStudioV1(answer: unknown): EngineListing | null {
  const list = StudioV1.safeParse(answer);
  if (!list.success) return null;
  return listingOf(
    list.data.models.map((model) => ({
      name: model.key,
      sizeBytes: model.size_bytes,
      contextLength: model.max_context_length ?? null,
      capabilities: studioCapabilities(model.type, model.capabilities?.vision === true),
      instances: model.loaded_instances.map(({ id, config }) => ({
        name: id,
        contextLength: config?.context_length ?? null,
      })),
    })),
  );
}

const StudioV0 = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      state: z.string(),
      max_context_length: z.number().nullish(),
      loaded_context_length: z.number().nullish(),
    }),
  ),
});

/** LM Studio from 0.3.6: GET /api/v0/models. null where the answer has another form. */
export function readStudioV0(answer: unknown): EngineListing | null {
  const list = StudioV0.safeParse(answer);
  if (!list.success) return null;
  return listingOf(
    list.data.data.map((model) => ({
      name: model.id,
      contextLength: model.max_context_length ?? null,
      capabilities: studioCapabilities(model.type, model.type === 'vlm'),
      instances:
        model.state === 'loaded' ? [{ name: model.id, contextLength: model.loaded_context_length ?? null }] : [],
    })),
  );
}

/** LM Studio offers tools with every model that talks: those not trained for them get a prompt for it. */
function studioCapabilities(type: string, sees: boolean): string[] {
  if (type.startsWith('embedding')) return ['embedding'];
  return ['completion', 'tools', ...(sees ? ['vision'] : [])];
}

const OpenAiList = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      owned_by: z.string().nullish(),
      /** vLLM. */
      max_model_len: z.number().nullish(),
      /** llama.cpp's server: the context that the model was trained with. */
      meta: z.looseObject({ n_ctx_train: z.number().optional(), size: z.number().optional() }).nullish(),
      /** llama.cpp's server where it serves several models. */
      status: z.looseObject({ value: z.string() }).nullish(),
    }),
  ),
});
export type OpenAiList = z.infer<typeof OpenAiList>;

/** GET /v1/models; null where the answer has another form. */
export function readOpenAiList(answer: unknown): OpenAiList['data'] | null {
  const list = OpenAiList.safeParse(answer);
  return list.success ? list.data.data : null;
}

/** Any engine's list, with what vLLM and llama.cpp's server add to it. */
export function listingOfOpenAi(models: OpenAiList['data']): EngineListing {
  const isRouter = models.some((model) => model.status != null);
  const isFixed = !isRouter && models.length > 0 && models.every(({ owned_by: owner }) => isFixedOwner(owner));
  const instancesOf = (model: OpenAiList['data'][number]) => {
    const here = [{ name: model.id, contextLength: null }];
    if (isRouter) return model.status?.value === 'loaded' ? here : [];
    return isFixed ? here : null;
  };
  return listingOf(
    models.map((model) => ({
      name: model.id,
      sizeBytes: model.meta?.size,
      contextLength: model.max_model_len ?? model.meta?.n_ctx_train ?? null,
      capabilities: null,
      instances: instancesOf(model),
    })),
    isFixed,
  );
}

function isFixedOwner(owner: string | null | undefined): boolean {
  return owner === 'vllm' || owner === 'llamacpp';
}

const Props = z.object({
  default_generation_settings: z.looseObject({ n_ctx: z.number().optional() }).optional(),
  total_slots: z.number().int().positive().optional(),
  modalities: z.looseObject({ vision: z.boolean().optional() }).optional(),
  build_info: z.string().optional(),
});

/** llama.cpp's server: what GET /props adds to its only model. The context is that of one slot. */
export function withProps(listing: EngineListing, answer: unknown): { listing: EngineListing; version: string | null } {
  const props = Props.safeParse(answer);
  if (!props.success) return { listing, version: null };
  const { default_generation_settings: settings, total_slots: slots = null, modalities, build_info } = props.data;
  const context = settings?.n_ctx;
  const installed = listing.installed.map((model) => ({
    ...model,
    contextLength: context ?? model.contextLength,
    // Only what it says: whether a template knows tools is not among it in all releases.
    capabilities: modalities === undefined ? null : ['completion', 'tools', ...(modalities.vision ? ['vision'] : [])],
  }));
  const loaded = listing.loaded?.map((model) => ({ ...model, contextLength: context ?? model.contextLength })) ?? null;
  return { listing: { ...listing, installed, loaded, slots }, version: build_info ?? null };
}

const Info = z.object({
  model_id: z.string(),
  max_total_tokens: z.number().nullish(),
  max_concurrent_requests: z.number().int().positive().nullish(),
  version: z.string().optional(),
});

/** text-generation-inference: GET /info, its only model. null where the answer has another form. */
export function readInfo(answer: unknown): { listing: EngineListing; version: string | null } | null {
  const info = Info.safeParse(answer);
  if (!info.success) return null;
  const { model_id: name, max_total_tokens: contextLength = null, version = null } = info.data;
  const instances = [{ name, contextLength }];
  const listing = listingOf([{ name, contextLength, capabilities: null, instances }], true);
  return { listing: { ...listing, slots: info.data.max_concurrent_requests ?? null }, version };
}
