/** One entry of `model_list`, checked, and the model that it names. */
import type { z } from 'zod';
import type { Provider } from '../providers.js';
import type { LitellmParams, ModelInfo } from '../schema/model-schema.js';
import type { Path } from '../source/places.js';
import type { PlainMap } from '../source/plain-map.js';

/** An entry whose keys stand where they act. */
export interface Entry {
  readonly path: Path;
  readonly modelName: string;
  readonly params: z.output<typeof LitellmParams>;
  readonly info: z.output<typeof ModelInfo>;
  readonly infoAsWritten: PlainMap;
  readonly missing: readonly string[];
}

export interface Target {
  readonly provider: Provider;
  readonly model: string;
}
