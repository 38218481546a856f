/** Which of a request's `extra` fields an upstream takes, and what leaving one out means. */
import { entryOf } from './loose-json.js';
import type { WriteNotes } from './written-request.js';

/** Fields of OpenAI's API whose absence the client would notice in the answer, with what counts as neutral. */
const changingFields: Readonly<Record<string, (value: unknown) => boolean>> = {
  audio: () => false,
  modalities: (value) => Array.isArray(value) && value.every((item) => item === 'text'),
  web_search_options: () => false,
};

/** The extra fields in `allowed`; the others are noted: hints as dropped, those that change the answer as unsupported. */
export function pickExtra(
  extra: Readonly<Record<string, unknown>> | undefined,
  allowed: ReadonlySet<string>,
  notes: WriteNotes,
): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(extra ?? {})) {
    if (value === null || value === undefined) continue;
    const isNeutral = entryOf(changingFields, name);
    if (allowed.has(name)) picked[name] = value;
    else if (isNeutral === undefined) notes.drop(name);
    else if (!isNeutral(value)) notes.unsupported(name);
  }
  return picked;
}
