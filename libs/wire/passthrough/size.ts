/** How large a request to a passed-through endpoint is, in everything that is billed: what is reserved for it, and what is counted where the upstream does not. */
import type { BilledUnits, FormPart, RawRequest } from '../neutral/chat-request.js';
import { estimateTokens } from '../tokens/estimate.js';
import { imageTokens } from '../tokens/request-tokens.js';

export interface PassthroughSize {
  /** Estimated tokens of the input. */
  readonly inputTokens: number;
  /** Most tokens that an answer may be billed for; null = none. */
  readonly maxOutputTokens: number | null;
  /** Most units that may be billed. */
  readonly units: BilledUnits;
}

/** The largest picture of OpenAI's models (1024x1536 at high quality) is billed as 6,208 tokens. */
const tokensPerImage = 6_208;
/** Audio that nobody can measure without decoding it: the lowest usual rate bounds it (8 kbit/s), a common one (64 kbit/s) is counted. */
const leastBytesPerSecond = 1_000;
const usualBytesPerSecond = 8_000;
/** OpenAI's transcribing models hear about ten tokens a second, and nobody says more than four. */
const audioTokensPerSecond = 10;
const spokenTokensPerSecond = 4;
/** Slow speech: about 150 words a minute. */
const charactersPerSecond = 12;

/** Text fields that models read, in any of these endpoints. */
const readFields = ['input', 'prompt', 'query', 'documents', 'instructions'];

/** The size of a request. Audio's length is bounded, not counted. */
export function passthroughSize(request: RawRequest): PassthroughSize {
  const text = textOf(request);
  const files = filesOf(request);
  const images = imagesOf(request);
  const seconds = isHeard(request) ? secondsIn(files, leastBytesPerSecond) : 0;
  const output = images * tokensPerImage + Math.ceil(seconds * spokenTokensPerSecond);
  const pictures = request.path.startsWith('images/') ? files.length * imageTokens : 0;
  return {
    inputTokens: estimateTokens(text) + pictures + Math.ceil(seconds * audioTokensPerSecond),
    maxOutputTokens: output === 0 ? null : output,
    units: unitsOf(request, text, images, seconds),
  };
}

/** The units of a request as they are counted where the upstream does not say. */
export function countedUnits(request: RawRequest): BilledUnits {
  const seconds = isHeard(request) ? secondsIn(filesOf(request), usualBytesPerSecond) : 0;
  return unitsOf(request, textOf(request), imagesOf(request), seconds);
}

function unitsOf(request: RawRequest, text: string, images: number, heardSeconds: number): BilledUnits {
  if (images > 0) return { images };
  if (request.path === 'rerank') return { searches: 1 };
  if (isHeard(request)) return { seconds: heardSeconds };
  if (request.path !== 'audio/speech') return {};
  return { characters: text.length, seconds: text.length / charactersPerSecond };
}

function isHeard({ path }: RawRequest): boolean {
  return path === 'audio/transcriptions' || path === 'audio/translations';
}

function imagesOf(request: RawRequest): number {
  if (!request.path.startsWith('images/')) return 0;
  const asked = Number(request.json?.['n'] ?? fieldOf(request.form, 'n') ?? 1);
  return Number.isInteger(asked) && asked > 0 ? asked : 1;
}

function textOf(request: RawRequest): string {
  if (request.json === null) return readFields.flatMap((name) => fieldOf(request.form, name) ?? []).join('\n');
  return textsIn(readFields.map((name) => request.json?.[name])).join('\n');
}

/** Every text in a value, without the pictures among them. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('data:') ? [] : [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function fieldOf(form: readonly FormPart[] | null, name: string): string | null {
  const part = form?.find((candidate) => candidate.name === name);
  return part !== undefined && 'value' in part ? part.value : null;
}

function filesOf({ form }: RawRequest): string[] {
  return (form ?? []).flatMap((part) => ('base64' in part ? [part.base64] : []));
}

function secondsIn(files: readonly string[], bytesPerSecond: number): number {
  return files.reduce((sum, base64) => sum + (wavSeconds(base64) ?? (base64.length * 0.75) / bytesPerSecond), 0);
}

/** Length of a RIFF/WAVE file by the byte rate in its header, which stands at 28 in what every recorder writes; null for other files. */
function wavSeconds(base64: string): number | null {
  const head = Buffer.from(base64.slice(0, 64), 'base64');
  if (head.length < 44 || head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 16) !== 'WAVEfmt ') {
    return null;
  }
  const bytesPerSecond = head.readUInt32LE(28);
  return bytesPerSecond === 0 ? null : (base64.length * 0.75) / bytesPerSecond;
}
