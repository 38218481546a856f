/** Answers of every client dialect, whole and streamed, in one form: so that a feature is checked once for all of them. */
import { z } from 'zod';

export interface Answered {
  readonly text: string;
  readonly thinking: string;
  readonly toolCalls: readonly { readonly name: string; readonly arguments: unknown }[];
  /** OpenAI's word for why it ended. */
  readonly finish: string | null;
  readonly hasUsage: boolean;
}

export type Dialect = 'chat' | 'responses' | 'messages' | 'completions';

const nothing = { text: '', thinking: '', toolCalls: [], finish: null, hasUsage: false };
const parseArguments = (text: string): unknown => JSON.parse(text === '' ? '{}' : text);

/** Reads the body of an answer; throws for anything that is not of the dialect. */
export function readAnswer(dialect: Dialect, stream: boolean, body: string): Answered {
  if (!stream) return readWhole[dialect](JSON.parse(body));
  const events = eventsIn(body);
  if (dialect === 'chat' || dialect === 'completions') {
    if (events.at(-1) !== '[DONE]') throw new Error('the stream has no [DONE]');
    return readDeltas(events.slice(0, -1).map(parseJson), dialect);
  }
  return dialect === 'responses' ? readResponseEvents(events.map(parseJson)) : readMessageEvents(events.map(parseJson));
}

function eventsIn(body: string): string[] {
  return [...body.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => data);
}

const parseJson = (text: string): unknown => JSON.parse(text);

const Call = z.object({ function: z.object({ name: z.string(), arguments: z.string() }) });
const Chat = z.object({
  choices: z.tuple([
    z.object({
      message: z.object({
        content: z.string().nullable(),
        reasoning_content: z.string().optional(),
        tool_calls: z.array(Call).optional(),
      }),
      finish_reason: z.string(),
    }),
  ]),
  usage: z.object({ total_tokens: z.number() }),
});
const Completion = z.object({
  choices: z.array(z.object({ text: z.string(), finish_reason: z.string() })).min(1),
  usage: z.object({ total_tokens: z.number() }),
});
const Item = z.discriminatedUnion('type', [
  z.object({ type: z.literal('message'), content: z.array(z.object({ text: z.string() })) }),
  z.object({ type: z.literal('function_call'), name: z.string(), arguments: z.string() }),
  z.object({ type: z.literal('reasoning'), summary: z.array(z.object({ text: z.string() })) }),
]);
const ResponseObject = z.object({
  status: z.string(),
  output: z.array(Item),
  usage: z.object({ total_tokens: z.number() }),
});
const Block = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('thinking'), thinking: z.string(), signature: z.string() }),
  z.object({ type: z.literal('tool_use'), name: z.string(), input: z.record(z.string(), z.unknown()) }),
]);
const Message = z.object({
  content: z.array(Block),
  stop_reason: z.string(),
  usage: z.object({ output_tokens: z.number() }),
});

const finishOfStop: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  tool_use: 'tool_calls',
};

const readWhole: Readonly<Record<Dialect, (body: unknown) => Answered>> = {
  chat: (body) => {
    const { choices, usage } = Chat.parse(body);
    const [{ message, finish_reason: finish }] = choices;
    return {
      text: message.content ?? '',
      thinking: message.reasoning_content ?? '',
      toolCalls: (message.tool_calls ?? []).map((call) => ({
        name: call.function.name,
        arguments: parseArguments(call.function.arguments),
      })),
      finish,
      hasUsage: usage.total_tokens > 0,
    };
  },
  completions: (body) => {
    const { choices, usage } = Completion.parse(body);
    const finish = choices[0]?.finish_reason ?? null;
    return { ...nothing, text: choices.map(({ text }) => text).join(''), finish, hasUsage: usage.total_tokens > 0 };
  },
  responses: (body) => {
    const { output, status, usage } = ResponseObject.parse(body);
    const toolCalls = output.flatMap((item) =>
      item.type === 'function_call' ? [{ name: item.name, arguments: parseArguments(item.arguments) }] : [],
    );
    return {
      text: output.flatMap((item) => (item.type === 'message' ? item.content.map(({ text }) => text) : [])).join(''),
      thinking: output
        .flatMap((item) => (item.type === 'reasoning' ? item.summary.map(({ text }) => text) : []))
        .join(''),
      toolCalls,
      finish: status === 'incomplete' ? 'length' : toolCalls.length > 0 ? 'tool_calls' : 'stop',
      hasUsage: usage.total_tokens > 0,
    };
  },
  messages: (body) => {
    const { content, stop_reason: stop, usage } = Message.parse(body);
    return {
      text: content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join(''),
      thinking: content.flatMap((block) => (block.type === 'thinking' ? [block.thinking] : [])).join(''),
      toolCalls: content.flatMap((block) =>
        block.type === 'tool_use' ? [{ name: block.name, arguments: block.input }] : [],
      ),
      finish: finishOfStop[stop] ?? stop,
      hasUsage: usage.output_tokens > 0,
    };
  },
};

const Delta = z.object({
  content: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  tool_calls: z
    .array(
      z.object({
        index: z.number(),
        function: z.object({ name: z.string().optional(), arguments: z.string().optional() }),
      }),
    )
    .optional(),
});
const Chunk = z.object({
  id: z.string(),
  choices: z.array(
    z.object({ delta: Delta.optional(), text: z.string().optional(), finish_reason: z.string().nullable() }),
  ),
  usage: z.object({ total_tokens: z.number() }).nullish(),
});

function readDeltas(events: readonly unknown[], dialect: 'chat' | 'completions'): Answered {
  const chunks = z.array(Chunk).parse(events);
  if (new Set(chunks.map(({ id }) => id)).size !== 1) throw new Error('the id changes within the stream');
  const choices = chunks.flatMap((chunk) => chunk.choices);
  const calls = new Map<number, { name: string; text: string }>();
  for (const part of choices.flatMap(({ delta }) => delta?.tool_calls ?? [])) {
    const call = calls.get(part.index) ?? { name: '', text: '' };
    call.name += part.function.name ?? '';
    call.text += part.function.arguments ?? '';
    calls.set(part.index, call);
  }
  return {
    text: choices.map(({ delta, text }) => (dialect === 'chat' ? delta?.content : text) ?? '').join(''),
    thinking: choices.map(({ delta }) => delta?.reasoning_content ?? '').join(''),
    toolCalls: [...calls.values()].map(({ name, text }) => ({ name, arguments: parseArguments(text) })),
    finish: choices.map((choice) => choice.finish_reason).find((reason) => reason !== null) ?? null,
    hasUsage: chunks.some(({ usage }) => (usage?.total_tokens ?? 0) > 0),
  };
}

const Typed = z.looseObject({ type: z.string() });

/** The last event carries the whole answer; the text has to have come in deltas too. */
function readResponseEvents(events: readonly unknown[]): Answered {
  const typed = z.array(Typed).parse(events);
  const last = typed.at(-1);
  const answer = readWhole.responses(last?.['response']);
  const streamed = typed
    .filter(({ type }) => type === 'response.output_text.delta')
    .map(({ delta }) => z.string().parse(delta))
    .join('');
  if (streamed !== answer.text) throw new Error('the deltas are not the text');
  return answer;
}

const MessageEvent = z.looseObject({
  type: z.string(),
  index: z.number().optional(),
  content_block: z.looseObject({ type: z.string(), name: z.string().optional() }).optional(),
  delta: z
    .looseObject({
      text: z.string().optional(),
      thinking: z.string().optional(),
      partial_json: z.string().optional(),
      stop_reason: z.string().nullish(),
    })
    .optional(),
  usage: z.object({ output_tokens: z.number() }).optional(),
});

function readMessageEvents(events: readonly unknown[]): Answered {
  const typed = z.array(MessageEvent).parse(events);
  if (typed.at(-1)?.type !== 'message_stop') throw new Error('the stream has no message_stop');
  const calls = typed.flatMap(({ index, content_block: block }) =>
    block?.type === 'tool_use' ? [{ index, name: block.name ?? '' }] : [],
  );
  const pieces = typed.flatMap(({ delta }) => (delta === undefined ? [] : [delta]));
  const stop = pieces.map((delta) => delta.stop_reason).find((reason) => typeof reason === 'string') ?? null;
  return {
    text: pieces.map(({ text }) => text ?? '').join(''),
    thinking: pieces.map(({ thinking }) => thinking ?? '').join(''),
    toolCalls: calls.map(({ index, name }) => {
      const parts = typed.filter((event) => event.index === index).map(({ delta }) => delta?.partial_json ?? '');
      return { name, arguments: parseArguments(parts.join('')) };
    }),
    finish: stop === null ? null : (finishOfStop[stop] ?? stop),
    hasUsage: typed.some(({ usage }) => (usage?.output_tokens ?? 0) > 0),
  };
}
