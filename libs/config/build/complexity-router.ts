/** `model: auto_router/complexity_router`: a name that picks one of several models by how hard a request looks. */
import { tierNames, type ComplexityRouter } from '#contracts';
import { listOf } from '../schema/value-types.js';
import type { Path } from '../source/places.js';
import type { BuildContext } from './build-context.js';
import type { Entry } from './entry.js';

const weights = {
  tokenCount: 0.1,
  codePresence: 0.3,
  reasoningMarkers: 0.25,
  technicalTerms: 0.25,
  simpleIndicators: 0.05,
  multiStepPatterns: 0.03,
  questionComplexity: 0.02,
};

/** A router, with the places of its entry and of its default model, for messages. */
export interface PlacedRouter {
  readonly router: ComplexityRouter;
  readonly path: Path;
  readonly defaultModelPath: Path;
}

/** The router with LiteLLM's defaults filled in; empty where it could never pick a model, which is reported. */
export function buildComplexityRouter(entry: Entry, context: BuildContext): PlacedRouter[] {
  const config = entry.params.complexity_router_config ?? {};
  const tiers = Object.fromEntries(
    tierNames.flatMap((tier) => {
      const models = listOf(config.tiers?.[tier]);
      return models.length === 0 ? [] : [[tier, models]];
    }),
  );
  const defaultModel = entry.params.complexity_router_default_model ?? config.default_model ?? null;
  if (Object.keys(tiers).length === 0 && defaultModel === null) {
    context.problems.error(
      [...entry.path, 'litellm_params', 'complexity_router_config'],
      'names no model: set tiers or default_model',
    );
    return [];
  }
  const boundaries = {
    simpleMedium: config.tier_boundaries?.simple_medium ?? 0.15,
    mediumComplex: config.tier_boundaries?.medium_complex ?? 0.35,
    complexReasoning: config.tier_boundaries?.complex_reasoning ?? 0.6,
  };
  if (boundaries.simpleMedium > boundaries.mediumComplex || boundaries.mediumComplex > boundaries.complexReasoning) {
    const path = [...entry.path, 'litellm_params', 'complexity_router_config', 'tier_boundaries'];
    context.problems.error(path, 'must rise: simple_medium, medium_complex, complex_reasoning');
  }
  const floors = config.length_floors ?? { MEDIUM: 100, COMPLEX: 500 };
  const router = {
    modelName: entry.modelName,
    tiers,
    defaultModel,
    boundaries,
    weights: { ...weights, ...withoutUndefined(config.dimension_weights ?? {}) },
    tokenThresholds: {
      simple: config.token_thresholds?.simple ?? 15,
      complex: config.token_thresholds?.complex ?? 400,
    },
    // Empty lists stand for the router's own words.
    keywords: {
      code: config.code_keywords ?? [],
      reasoning: config.reasoning_keywords ?? [],
      technical: config.technical_keywords ?? [],
      simple: config.simple_keywords ?? [],
    },
    reasoningOverrideMinScore: config.reasoning_override_min_score ?? boundaries.simpleMedium,
    lengthFloors: floors === false ? {} : floors,
  };
  const paramsPath = [...entry.path, 'litellm_params'];
  const isOwnKey = entry.params.complexity_router_default_model !== undefined;
  const defaultModelPath = isOwnKey
    ? [...paramsPath, 'complexity_router_default_model']
    : [...paramsPath, 'complexity_router_config', 'default_model'];
  return [{ router, path: entry.path, defaultModelPath }];
}

function withoutUndefined(values: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
