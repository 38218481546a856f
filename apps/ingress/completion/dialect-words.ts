/** Router and workers speak of chats; here their refusals get the words of the endpoint that the client called. Pure. */
import { GatewayError, type ClientDialect } from '#contracts';

/** What holds the prompt, by the body that the client sent. */
const promptFields: Partial<Record<ClientDialect, string>> = {
  'openai-completion': 'prompt',
  'openai-embedding': 'input',
  'openai-responses': 'input',
};

/** By these words Anthropic's clients know that they must make their conversation shorter. */
const anthropicWords = 'prompt is too long';

/** The error with the name of the client's own field, and with a prompt that does not fit told as that API tells it. */
export function inClientWords(thrown: unknown, dialect: ClientDialect): unknown {
  if (!(thrown instanceof GatewayError)) return thrown;
  const { code, details } = thrown;
  const isTooLong = code === 'context_length_exceeded';
  if (details.param !== 'messages' && !(isTooLong && details.param === undefined)) return thrown;
  const param = promptFields[dialect] ?? 'messages';
  const message = isTooLong ? tooLong(thrown.message, dialect) : details.message;
  const cause = thrown.cause === undefined ? {} : { cause: thrown.cause };
  return new GatewayError(code, { ...details, param, ...(message === undefined ? {} : { message }) }, cause);
}

function tooLong(message: string, dialect: ClientDialect): string {
  if (dialect === 'openai-embedding') return message.replaceAll('your prompt', 'your input');
  if (dialect !== 'anthropic-messages' || message.toLowerCase().includes(anthropicWords)) return message;
  return `${anthropicWords}: ${message}`;
}
