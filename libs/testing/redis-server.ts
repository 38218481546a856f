/** A small Redis in this process (RESP 2, https://redis.io/docs/latest/develop/reference/protocol-spec): strings with an expiry, and a password. */
import { createServer, type Server, type Socket } from 'node:net';
import { listen } from './upstream/listen.js';

export interface RedisServerOptions {
  readonly password?: string;
}

interface Stored {
  readonly value: Buffer;
  readonly expiresAtMs: number;
}

export class RedisServer {
  readonly entries = new Map<string, Stored>();
  /** Commands in the order in which they came, upper case. */
  readonly commands: string[] = [];
  /** While true nothing is answered. */
  silent = false;
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;
  private port = 0;

  private constructor(private readonly options: RedisServerOptions) {
    this.server = createServer((socket) => this.serve(socket));
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(options);
    await server.start();
    return server;
  }

  /** Listens on a free port, or on the one it had. */
  async start(): Promise<void> {
    this.port = await listen(this.server, this.port);
  }

  get url(): string {
    const sign = this.options.password === undefined ? '' : `:${this.options.password}@`;
    return `redis://${sign}127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
    let waiting = Buffer.alloc(0);
    let signedIn = this.options.password === undefined;
    socket.on('data', (bytes: Buffer) => {
      waiting = Buffer.concat([waiting, bytes]);
      for (let read = readCommand(waiting); read !== null; read = readCommand(waiting)) {
        waiting = waiting.subarray(read.length);
        const [name, ...args] = read.words;
        const command = String(name).toUpperCase();
        this.commands.push(command);
        if (command === 'AUTH') signedIn = String(args.at(-1)) === this.options.password;
        if (!this.silent) socket.write(signedIn ? this.answer(command, args) : '-NOAUTH Authentication required.\r\n');
      }
    });
  }

  private answer(command: string, args: readonly Buffer[]): string | Buffer {
    if (command === 'GET') return bulk(this.read(String(args[0])));
    if (command === 'SET') return this.write(args);
    if (command === 'PING') return '+PONG\r\n';
    const known = command === 'CLIENT' || command === 'AUTH' || command === 'SELECT';
    return known ? '+OK\r\n' : `-ERR unknown command '${command}'\r\n`;
  }

  private read(key: string): Buffer | null {
    const stored = this.entries.get(key);
    return stored === undefined || stored.expiresAtMs <= Date.now() ? null : stored.value;
  }

  private write([key, value, option, ms]: readonly Buffer[]): string {
    if (value === undefined) return '-ERR syntax error\r\n';
    const expiresAtMs = String(option).toUpperCase() === 'PX' ? Date.now() + Number(ms) : Infinity;
    this.entries.set(String(key), { value: Buffer.from(value), expiresAtMs });
    return '+OK\r\n';
  }
}

function bulk(value: Buffer | null): Buffer {
  if (value === null) return Buffer.from('$-1\r\n');
  return Buffer.concat([Buffer.from(`$${value.byteLength}\r\n`), value, Buffer.from('\r\n')]);
}

/** The first command in the bytes and how long it is; null where it is not all there. */
function readCommand(bytes: Buffer): { words: Buffer[]; length: number } | null {
  let at = 0;
  const line = (): string | null => {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return null;
    const text = bytes.toString('latin1', at + 1, end);
    at = end + 2;
    return text;
  };
  const count = line();
  if (count === null) return null;
  const words: Buffer[] = [];
  for (let n = 0; n < Number(count); n += 1) {
    const size = line();
    if (size === null || at + Number(size) + 2 > bytes.byteLength) return null;
    words.push(bytes.subarray(at, at + Number(size)));
    at += Number(size) + 2;
  }
  return { words, length: at };
}
