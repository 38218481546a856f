/** What LiteLLM's spend logs call the kind of a request. Pure. */

/** By our endpoint, as usage events name it. Source: the call types of LiteLLM's proxy, whose calls are all asynchronous. */
const callTypes: ReadonlyMap<string, string> = new Map([
  ['openai-chat', 'acompletion'],
  ['openai-completion', 'atext_completion'],
  ['openai-embedding', 'aembedding'],
  ['openai-responses', 'aresponses'],
  ['anthropic-messages', 'anthropic_messages'],
  ['openai-rerank', 'arerank'],
  ['openai-transcription', 'atranscription'],
  ['openai-speech', 'aspeech'],
  ['openai-image', 'aimage_generation'],
  ['openai-moderation', 'amoderation'],
]);

/** LiteLLM's `call_type`; an endpoint that it does not have keeps our name. */
export function callTypeOf(endpoint: string): string {
  return callTypes.get(endpoint) ?? endpoint;
}
