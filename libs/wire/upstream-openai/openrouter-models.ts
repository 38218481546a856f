/** OpenRouter's list of models (GET /models in its API reference): what a model holds, can do and costs. */
import { z } from 'zod';

/** What a model can do beyond text, in the words of Ollama's capabilities. */
export type Strength = 'tools' | 'vision' | 'thinking';

export interface OfferedModel {
  readonly id: string;
  /** Tokens; null where the list does not say. */
  readonly contextLength: number | null;
  readonly strengths: readonly Strength[];
  /** USD per million tokens; null where the list does not say, or the price varies. */
  readonly price: { readonly input: number; readonly output: number } | null;
  /** Seconds of the epoch at which the model was added; 0 where the list does not say. */
  readonly created: number;
  /** The day on which the model goes, `2026-12-31`; null where none is set. */
  readonly expires: string | null;
}

const Entry = z.object({
  id: z.string(),
  created: z.number().nullish(),
  context_length: z.number().nullish(),
  architecture: z.looseObject({ input_modalities: z.array(z.string()).nullish() }).nullish(),
  pricing: z.looseObject({ prompt: z.coerce.number().nullish(), completion: z.coerce.number().nullish() }).nullish(),
  supported_parameters: z.array(z.string()).nullish(),
  expiration_date: z.string().nullish(),
});

const List = z.object({ data: z.array(z.unknown()) });

/** The models of a parsed answer; an entry of another form is left out. null where it is no list at all. */
export function readOpenRouterModels(answer: unknown): OfferedModel[] | null {
  const list = List.safeParse(answer);
  if (!list.success) return null;
  return list.data.data.flatMap((item) => {
    const entry = Entry.safeParse(item);
    return entry.success ? [offeredModel(entry.data)] : [];
  });
}

function offeredModel(entry: z.output<typeof Entry>): OfferedModel {
  const parameters = new Set(entry.supported_parameters ?? []);
  const strengths: Strength[] = [];
  if (parameters.has('tools')) strengths.push('tools');
  if (entry.architecture?.input_modalities?.includes('image') === true) strengths.push('vision');
  if (parameters.has('reasoning') || parameters.has('include_reasoning')) strengths.push('thinking');
  return {
    id: entry.id,
    contextLength: entry.context_length ?? null,
    strengths,
    price: priceOf(entry.pricing),
    created: entry.created ?? 0,
    expires: entry.expiration_date?.slice(0, 10) ?? null,
  };
}

/** Prices are USD per token; a router of models shows -1. */
function priceOf(pricing: z.output<typeof Entry>['pricing']): OfferedModel['price'] {
  const [input, output] = [pricing?.prompt, pricing?.completion];
  if (input == null || output == null || input < 0 || output < 0) return null;
  const perMillion = (perToken: number) => Number((perToken * 1_000_000).toPrecision(12));
  return { input: perMillion(input), output: perMillion(output) };
}
