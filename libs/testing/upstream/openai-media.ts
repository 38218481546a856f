/** The endpoints of a fake OpenAI-compatible upstream beside text: rerank, audio, images, moderations. Shapes as in openai/openai-openapi (2026-08) and Jina's rerank. */
import { sendJson, streamAnswer } from './answer.js';
import { countTokens, piecesOf, type Behaviour } from './behaviour.js';
import type { Exchange, LoggedRequest } from './fake-server.js';

export interface MediaBody {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly files: readonly { readonly name: string; readonly filename: string; readonly bytes: Uint8Array }[];
}

/** A JSON body or a form; null for anything else. */
export async function readMediaBody(request: LoggedRequest): Promise<MediaBody | null> {
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('multipart/form-data')) {
    const { body } = request;
    return typeof body === 'object' && body !== null ? { fields: { ...body }, files: [] } : null;
  }
  const form = await new Response(request.bytes, { headers: { 'content-type': type } }).formData();
  const fields: Record<string, unknown> = {};
  const files: MediaBody['files'][number][] = [];
  for (const [name, value] of form) {
    if (typeof value === 'string') fields[name] = value;
    else files.push({ name, filename: value.name, bytes: new Uint8Array(await value.arrayBuffer()) });
  }
  return { fields, files };
}

/** What is "spoken": bytes that are no UTF-8, one chunk for each piece of the behaviour's text. */
export function spokenBytes(pieces: readonly string[]): Uint8Array[] {
  return pieces.map((piece) => Buffer.concat([Buffer.from([0xff, 0xfb, 0x00]), Buffer.from(piece, 'utf16le')]));
}

/** A picture, as base64: eight bytes that say which one it is. */
const picture = (index: number) => Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, index]).toString('base64');

/** Seconds that every recording has here. */
export const heardSeconds = 12;

/** Answers a request to one of the endpoints. */
export async function answerMedia(
  exchange: Exchange,
  path: string,
  body: MediaBody,
  behaviour: Behaviour,
): Promise<void> {
  const { response } = exchange;
  switch (path) {
    case '/rerank':
      return sendJson(response, 200, reranked(body));
    case '/moderations':
      return sendJson(response, 200, moderated(body));
    case '/audio/speech':
      return speak(exchange, behaviour);
    case '/audio/transcriptions':
    case '/audio/translations':
      return hear(exchange, body, behaviour);
    default:
      return sendJson(response, 200, drawn(body));
  }
}

function reranked({ fields }: MediaBody): object {
  const documents: unknown[] = Array.isArray(fields['documents']) ? fields['documents'] : [];
  const results = documents.map((document, index) => ({ index, relevance_score: 1 / (index + 1), document }));
  const total = countTokens(JSON.stringify([fields['query'], documents]));
  return { id: 'rerank-fake', model: fields['model'], results: results.toReversed(), usage: { total_tokens: total } };
}

function moderated({ fields }: MediaBody): object {
  const inputs: unknown[] = Array.isArray(fields['input']) ? fields['input'] : [fields['input']];
  const results = inputs.map((input) => {
    const flagged = String(input).includes('kill');
    return { flagged, categories: { violence: flagged }, category_scores: { violence: flagged ? 0.9 : 0.01 } };
  });
  return { id: 'modr-fake', model: fields['model'], results };
}

function drawn({ fields }: MediaBody): object {
  const count = Number(fields['n'] ?? 1);
  const data = Array.from({ length: count }, (_, index) => ({ b64_json: picture(index) }));
  const input = typeof fields['prompt'] === 'string' ? countTokens(fields['prompt']) : 0;
  const usage = {
    input_tokens: input + 100,
    input_tokens_details: { text_tokens: input, image_tokens: 100 },
    output_tokens: 1_000 * count,
    total_tokens: input + 100 + 1_000 * count,
  };
  return { created: 1_700_000_000, data, usage };
}

function speak(exchange: Exchange, behaviour: Behaviour): Promise<void> {
  const plan = {
    contentType: 'audio/mpeg',
    opening: [],
    pieces: spokenBytes(piecesOf(behaviour).text),
    closing: [],
    failure: () => '',
  };
  return streamAnswer(exchange, behaviour, plan, () => {});
}

async function hear({ response, ...exchange }: Exchange, { fields }: MediaBody, behaviour: Behaviour): Promise<void> {
  const { text } = piecesOf(behaviour);
  const usage = { type: 'duration', seconds: heardSeconds };
  if (fields['stream'] === 'true') {
    const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`;
    const plan = {
      contentType: 'text/event-stream',
      opening: [],
      pieces: text.map((delta) => event({ type: 'transcript.text.delta', delta })),
      closing: [event({ type: 'transcript.text.done', text: text.join(''), usage })],
      failure: (message: string) => event({ type: 'error', error: { message, type: 'server_error', code: null } }),
    };
    return streamAnswer({ response, ...exchange }, behaviour, plan, () => {});
  }
  const format = fields['response_format'] ?? 'json';
  if (format === 'json') return sendJson(response, 200, { text: text.join(''), usage });
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${text.join('')}\n`);
}
