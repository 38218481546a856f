/** Ollama's metadata (wire reference: GET /api/tags, GET /api/ps, POST /api/show, GET /api/version) as our own. Pure. */
import { z } from 'zod';
import type { InstalledModel, LoadedModel } from '#contracts';
import { taggedName, type ListedModel } from '../queue/resident-key.js';

const Details = z.looseObject({ context_length: z.number().optional() });

const Tags = z.object({
  models: z
    .array(
      z.object({
        name: z.string(),
        size: z.number().optional(),
        digest: z.string().optional(),
        details: Details.optional(),
        capabilities: z.array(z.string()).optional(),
      }),
    )
    .nullish(),
});

const Ps = z.object({
  models: z
    .array(
      z.object({
        name: z.string(),
        size: z.number().default(0),
        size_vram: z.number().default(0),
        digest: z.string().optional(),
        expires_at: z.string().optional(),
        context_length: z.number().optional(),
      }),
    )
    .nullish(),
});

const Show = z.object({
  model_info: z.record(z.string(), z.unknown()).nullish(),
  capabilities: z.array(z.string()).nullish(),
});

const Version = z.object({ version: z.string() });

export interface InstalledListing {
  readonly installed: readonly InstalledModel[];
  /** By tagged name. */
  readonly digests: ReadonlyMap<string, string>;
}

export interface LoadedListing {
  readonly loaded: readonly LoadedModel[];
  readonly listed: readonly ListedModel[];
}

/** Installed models; throws ZodError for what is no answer of Ollama. */
export function readTags(answer: unknown): InstalledListing {
  const models = Tags.parse(answer).models ?? [];
  const installed = models.map((model) => ({
    name: model.name,
    sizeBytes: model.size ?? null,
    contextLength: model.details?.context_length ?? null,
    capabilities: model.capabilities ?? null,
  }));
  const digests = models.flatMap((model): [string, string][] =>
    model.digest === undefined ? [] : [[taggedName(model.name), model.digest]],
  );
  return { installed, digests: new Map(digests) };
}

/** Loaded models; throws ZodError. */
export function readPs(answer: unknown): LoadedListing {
  const models = Ps.parse(answer).models ?? [];
  return {
    loaded: models.map((model) => ({
      name: model.name,
      sizeBytes: model.size,
      vramBytes: model.size_vram,
      contextLength: model.context_length ?? null,
      expiresAt: model.expires_at ?? null,
    })),
    listed: models.map((model) => ({
      name: model.name,
      digest: model.digest ?? null,
      contextLength: model.context_length ?? null,
    })),
  };
}

/** What releases that list neither say in /api/show; throws ZodError. */
export function readShow(answer: unknown): Pick<InstalledModel, 'contextLength' | 'capabilities'> {
  const { model_info: info, capabilities } = Show.parse(answer);
  const architecture = info?.['general.architecture'];
  const length = typeof architecture === 'string' ? info?.[`${architecture}.context_length`] : undefined;
  return { contextLength: typeof length === 'number' ? length : null, capabilities: capabilities ?? null };
}

/** Throws ZodError. */
export function readVersion(answer: unknown): string {
  return Version.parse(answer).version;
}

const PullLine = z.object({
  status: z.string().optional(),
  error: z.string().optional(),
  total: z.number().optional(),
  completed: z.number().optional(),
});

export interface PullProgress {
  readonly status: string;
  /** 0 to 100; null where the line tells no size. */
  readonly percent: number | null;
  readonly error: string | null;
  readonly done: boolean;
}

/** A line of POST /api/pull; throws ZodError. */
export function readPullLine(line: unknown): PullProgress {
  const { status = '', error, total, completed } = PullLine.parse(line);
  const percent = total === undefined || total <= 0 ? null : Math.floor(((completed ?? 0) / total) * 100);
  return { status, percent, error: error ?? null, done: status === 'success' };
}
