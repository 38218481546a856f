/** The clouds. One that is like OpenAI needs no line here: its base URL stands in the config library's table. */
import { anthropic } from './anthropic.js';
import { azure } from './azure.js';
import { openrouter } from './openrouter.js';
import { openAiLike, type CloudProvider } from './provider.js';

const providers: Readonly<Record<string, CloudProvider>> = { anthropic, azure, openrouter };

export function providerOf(name: string): CloudProvider {
  return providers[name] ?? openAiLike;
}
