/** The text of an answer out of the bytes that the client got, whatever its dialect: for keys that allow it to be told. Pure. */

/** Answers beyond this are cut: a callback is no archive. Bytes. */
const most = 256 * 1024;

/** Collects an answer while it passes by. */
export class AnswerText {
  private readonly parts: Uint8Array[] = [];
  private size = 0;

  add(bytes: Uint8Array): void {
    if (this.size >= most) return;
    this.parts.push(bytes);
    this.size += bytes.byteLength;
  }

  /** What was said, without its wrapping; null where nothing was. */
  text(): string | null {
    const body = Buffer.concat(this.parts).toString('utf8');
    const documents = body.trimStart().startsWith('{') ? [body] : eventsOf(body);
    const said = documents.map((document) => saidIn(parsed(document))).join('');
    return said === '' ? null : said;
  }
}

function eventsOf(body: string): string[] {
  return body.split('\n').flatMap((line) => (line.startsWith('data:') ? line.slice('data:'.length).trim() : []));
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // `[DONE]`, or an answer that was cut.
    return null;
  }
}

/** Text of one document or event of chat completions, completions, messages or responses. */
function saidIn(value: unknown): string {
  const document = fields(value);
  const type = document['type'];
  if (type === 'response.output_text.delta') return text(document['delta']);
  // The whole answer once more, after its pieces.
  if (typeof type === 'string' && type.startsWith('response.')) return '';
  if (type === 'content_block_delta') return text(fields(document['delta'])['text']);
  if (type === 'message') return list(document['content']).map(textOfPart).join('');
  const choices = list(document['choices']).map((choice) => {
    const { delta, message, text: plain } = fields(choice);
    return text(plain) + text(fields(delta)['content']) + text(fields(message)['content']);
  });
  const outputs = list(document['output']).flatMap((item) => list(fields(item)['content']).map(textOfPart));
  return [...choices, ...outputs].join('');
}

const textOfPart = (part: unknown) => text(fields(part)['text']);
const text = (value: unknown) => (typeof value === 'string' ? value : '');
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
