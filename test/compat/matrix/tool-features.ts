/** The rows of the matrix about tools. */
import { everywhere, leftOut, question, schema, user, type Feature } from './feature.js';

const functionTool = { type: 'function', function: { name: 'weather', parameters: schema } };
const otherTool = { type: 'function', function: { name: 'time', parameters: schema } };
const flatTool = { type: 'function', name: 'weather', parameters: schema };
const anthropicTool = { name: 'weather', input_schema: schema };
const called = { toolCalls: [{ name: 'weather', arguments: { city: 'Brno' } }], finish: 'tool_calls' };
const oneCall = { text: [], toolCalls: [{ name: 'weather', arguments: { city: 'Brno' } }] };
const twoCalls = {
  text: [],
  toolCalls: [
    { name: 'weather', arguments: { city: 'Brno' } },
    { name: 'weather', arguments: { city: 'Graz' } },
  ],
};
const bothCalled = { toolCalls: twoCalls.toolCalls, finish: 'tool_calls' };
const noChoice = 'Ollama has no tool_choice';

export const toolFeatures: readonly Feature[] = [
  {
    name: 'tools',
    ask: {
      chat: { messages: [user], tools: [functionTool] },
      responses: { input: question, tools: [flatTool] },
      messages: { messages: [user], max_tokens: 100, tools: [anthropicTool] },
    },
    behaviour: oneCall,
    sent: {
      ...everywhere({ tools: [functionTool] }),
      ollama: { tools: [functionTool] },
      anthropic: { tools: [anthropicTool] },
    },
    got: called,
  },
  {
    name: 'parallel tool calls',
    ask: {
      chat: { messages: [user], tools: [functionTool] },
      responses: { input: question, tools: [flatTool] },
      messages: { messages: [user], max_tokens: 100, tools: [anthropicTool] },
    },
    behaviour: twoCalls,
    got: bothCalled,
  },
  {
    name: 'one tool call at a time',
    ask: {
      chat: { messages: [user], tools: [functionTool], parallel_tool_calls: false },
      responses: { input: question, tools: [flatTool], parallel_tool_calls: false },
      messages: {
        messages: [user],
        max_tokens: 100,
        tools: [anthropicTool],
        tool_choice: { type: 'auto', disable_parallel_tool_use: true },
      },
    },
    behaviour: oneCall,
    sent: {
      ...everywhere({ parallel_tool_calls: false }),
      anthropic: { tool_choice: { disable_parallel_tool_use: true } },
    },
    got: called,
  },
  {
    name: 'a tool that is forced by name',
    ask: {
      chat: {
        messages: [user],
        tools: [functionTool, otherTool],
        tool_choice: { type: 'function', function: { name: 'weather' } },
      },
      responses: {
        input: question,
        tools: [flatTool, { ...flatTool, name: 'time' }],
        tool_choice: { type: 'function', name: 'weather' },
      },
      messages: {
        messages: [user],
        max_tokens: 100,
        tools: [anthropicTool, { ...anthropicTool, name: 'time' }],
        tool_choice: { type: 'tool', name: 'weather' },
      },
    },
    behaviour: oneCall,
    sent: {
      ...everywhere({ tool_choice: { type: 'function', function: { name: 'weather' } } }),
      // No tool_choice there: the named tool is the only one that is offered.
      ollama: { tools: [functionTool] },
      anthropic: { tool_choice: { type: 'tool', name: 'weather' } },
    },
    got: called,
  },
  {
    name: 'some tool is forced',
    ask: {
      chat: { messages: [user], tools: [functionTool], tool_choice: 'required' },
      responses: { input: question, tools: [flatTool], tool_choice: 'required' },
      messages: { messages: [user], max_tokens: 100, tools: [anthropicTool], tool_choice: { type: 'any' } },
    },
    behaviour: oneCall,
    limits: { ollama: leftOut(`${noChoice}: the model may answer with text`) },
    sent: { ...everywhere({ tool_choice: 'required' }), anthropic: { tool_choice: { type: 'any' } } },
    got: called,
  },
  {
    name: 'results of tools',
    ask: {
      chat: {
        messages: [
          user,
          {
            role: 'assistant',
            content: null,
            tool_calls: [
              { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Brno"}' } },
            ],
          },
          { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
        ],
        tools: [functionTool],
      },
      responses: {
        input: [
          user,
          { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"city":"Brno"}' },
          { type: 'function_call_output', call_id: 'call_1', output: 'sunny' },
        ],
        tools: [flatTool],
      },
      messages: {
        max_tokens: 100,
        messages: [
          user,
          {
            role: 'assistant',
            content: [{ type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Brno' } }],
          },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'sunny' }] },
        ],
        tools: [anthropicTool],
      },
    },
    sent: {
      ...everywhere({ messages: [{}, {}, { role: 'tool', tool_call_id: 'call_1', content: 'sunny' }] }),
      ollama: {
        messages: [
          {},
          { tool_calls: [{ function: { name: 'weather', arguments: { city: 'Brno' } } }] },
          { role: 'tool', tool_name: 'weather', content: 'sunny' },
        ],
      },
      anthropic: { messages: [{}, {}, { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1' }] }] },
    },
    got: { finish: 'stop' },
  },
];
