import { createServer, connect, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TcpProxy } from './tcp-proxy.js';
import { listen } from './upstream/listen.js';

let server: Server;
let proxy: TcpProxy;
const sockets: Socket[] = [];

beforeEach(async () => {
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {}).on('data', (bytes) => socket.write(bytes));
  });
  proxy = await TcpProxy.start({ host: '127.0.0.1', port: await listen(server, 0) });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await proxy.stop();
  server.close();
});

async function client(): Promise<Socket> {
  const socket = connect(proxy.address).on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

const gone = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()));

/** Reads until so many bytes or the end. */
async function read(socket: Socket, length: number): Promise<{ text: string; reads: number }> {
  let text = '';
  let reads = 0;
  while (text.length < length) {
    const event = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    if (!Buffer.isBuffer(event[0])) break;
    text += event[0].toString('latin1');
    reads += 1;
  }
  return { text, reads };
}

test('passes bytes on in both directions', async () => {
  const socket = await client();
  socket.write('hello');
  expect((await read(socket, 5)).text).toBe('hello');
});

test('slices, so that one write arrives as several reads', async () => {
  proxy.set('down', { sliceBytes: 1 });
  const socket = await client();
  socket.write('hello');
  const { text, reads } = await read(socket, 5);
  expect(text).toBe('hello');
  expect(reads).toBeGreaterThan(1);
});

test('delays', async () => {
  proxy.set('up', { latencyMs: 60 });
  const socket = await client();
  const before = performance.now();
  socket.write('hello');
  await read(socket, 5);
  expect(performance.now() - before).toBeGreaterThan(55);
});

test('hangs until it is healed, and loses nothing', async () => {
  const socket = await client();
  proxy.set('down', { hang: true });
  socket.write('hello');
  const reading = read(socket, 5);
  const first = await Promise.race([reading, new Promise((resolve) => setTimeout(() => resolve('nothing'), 50))]);
  expect(first).toBe('nothing');
  proxy.heal();
  expect((await reading).text).toBe('hello');
});

test('cuts after so many bytes', async () => {
  proxy.set('down', { cutAfterBytes: 3 });
  const socket = await client();
  socket.write('hello');
  expect((await read(socket, 5)).text).toBe('hel');
});

test('resets connections, and refuses new ones when told so', async () => {
  const socket = await client();
  socket.write('x');
  await read(socket, 1);
  const closed = gone(socket);
  proxy.reset({ refuse: true });
  await closed;
  // It may be reset before it knows that it was connected.
  await gone(connect(proxy.address).on('error', () => {}));
  proxy.heal();
  const healed = await client();
  healed.write('hello');
  expect((await read(healed, 5)).text).toBe('hello');
});
