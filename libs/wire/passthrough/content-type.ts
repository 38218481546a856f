/** Content types of answers that are passed through. */

/** What a browser may be handed from the gateway's own address: nothing that it would run. */
const harmless =
  /^(?:audio|image|video)\/[\w.+-]+$|^text\/(?:plain|vtt|srt|event-stream)$|^application\/(?:json|x-subrip|octet-stream|ogg|x-ndjson)$/;
const parameters = /^(?:\s*;\s*[\w-]+=[\w."-]+)*$/;

/** The content type to give to the client: the upstream's where it is one of those that these endpoints answer with. */
export function publicContentType(upstream: string | null): string {
  const [type = '', ...rest] = (upstream ?? '').split(';');
  const name = type.trim().toLowerCase();
  if (name === 'image/svg+xml' || !harmless.test(name)) return 'application/octet-stream';
  const more = rest.map((part) => `;${part}`).join('');
  return parameters.test(more) ? `${name}${more}`.slice(0, 120) : name;
}

/** Whether an answer comes whole: what is short, and what is read for its usage. Streams and files are handed on as they come. */
export function isWholeType(contentType: string): boolean {
  return /^(?:application\/json|application\/x-subrip|text\/(?!event-stream))/.test(contentType);
}

/** Whether it is a stream of server-sent events. */
export function isEventStreamType(contentType: string): boolean {
  return contentType.startsWith('text/event-stream');
}
