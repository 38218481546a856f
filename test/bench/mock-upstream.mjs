// An upstream that answers at once, in its own process: chat completions whole or as 64 chunks. Takes traces too, and forgets
// them. Prints its port.
import { createServer } from 'node:http';

const whole = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'mock',
  choices: [
    { index: 0, message: { role: 'assistant', content: 'x'.repeat(200) }, finish_reason: 'stop', logprobs: null },
  ],
  usage: { prompt_tokens: 20, completion_tokens: 50, total_tokens: 70 },
});
const chunk = (delta, finish = null) =>
  `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'mock', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const usage = `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'mock', choices: [], usage: { prompt_tokens: 20, completion_tokens: 64, total_tokens: 84 } })}\n\n`;
const gapMs = Number(process.argv[2] ?? 0);

createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    if (request.url === '/v1/traces') {
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      return;
    }
    const body = Buffer.concat(parts).toString();
    if (!body.includes('"stream":true')) {
      response
        .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(whole) })
        .end(whole);
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(chunk({ role: 'assistant', content: '' }));
    let sent = 0;
    const next = () => {
      response.write(chunk({ content: `word${sent} ` }));
      sent += 1;
      if (sent < 64) {
        if (gapMs > 0) setTimeout(next, gapMs);
        else setImmediate(next);
        return;
      }
      response.end(chunk({}, 'stop') + usage + 'data: [DONE]\n\n');
    };
    next();
  });
}).listen(0, '127.0.0.1', function listening() {
  process.stdout.write(`${this.address().port}\n`);
});
