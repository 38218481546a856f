/** A TCP proxy that makes a network bad in the ways that toxiproxy names: latency, bandwidth, hang, reset, slices, cut. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { listen } from './upstream/listen.js';

/** `up` is from client to server, `down` back. */
export type Direction = 'up' | 'down';

export interface Toxics {
  /** Added to every read, milliseconds. */
  readonly latencyMs?: number;
  readonly bytesPerSecond?: number;
  /** Nothing is passed on, nothing is closed. */
  readonly hang?: boolean;
  /** Writes of at most so many bytes. */
  readonly sliceBytes?: number;
  /** The connection ends after so many bytes. */
  readonly cutAfterBytes?: number;
}

export class TcpProxy {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly toxics: Record<Direction, Toxics> = { up: {}, down: {} };
  private port = 0;
  private wake: (() => void)[] = [];
  private isRefusing = false;

  constructor(private readonly target: { host: string; port: number }) {
    this.server = createServer((client) => this.accept(client));
  }

  /** A proxy in front of `host:port` or a URL. */
  static async start(target: string | { host: string; port: number }): Promise<TcpProxy> {
    const proxy = new TcpProxy(hostOf(target));
    proxy.port = await listen(proxy.server, 0);
    return proxy;
  }

  get address(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.port };
  }

  /** The same URL with the proxy's address. */
  through(url: string): string {
    const changed = new URL(url);
    changed.host = `127.0.0.1:${this.port}`;
    return changed.href;
  }

  /** Replaces the toxics of a direction; existing connections feel it too. */
  set(direction: Direction, toxics: Toxics): void {
    this.toxics[direction] = toxics;
    this.wakeAll();
  }

  /** Resets every connection. With `refuse`, new ones too until `heal`. */
  reset(options: { refuse?: boolean } = {}): void {
    this.isRefusing = options.refuse ?? false;
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  /** No toxics any more. */
  heal(): void {
    this.isRefusing = false;
    this.toxics.up = {};
    this.toxics.down = {};
    this.wakeAll();
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.heal();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private wakeAll(): void {
    for (const wake of this.wake.splice(0)) wake();
  }

  private accept(client: Socket): void {
    if (this.isRefusing) {
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.target);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      this.sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => {
        this.sockets.delete(socket);
        (socket === client ? server : client).destroy();
      });
    }
    void this.pump(client, server, 'up');
    void this.pump(server, client, 'down');
  }

  private async pump(from: Socket, to: Socket, direction: Direction): Promise<void> {
    let passed = 0;
    try {
      for await (const chunk of from) {
        await this.letThrough(direction);
        const toxics = this.toxics[direction];
        if (toxics.latencyMs !== undefined) await wait(toxics.latencyMs);
        const bytes = Buffer.from(chunk);
        const left = (toxics.cutAfterBytes ?? Infinity) - passed;
        await this.write(to, bytes.subarray(0, Math.max(0, Math.min(left, bytes.length))), toxics);
        passed += bytes.length;
        if (bytes.length < left) continue;
        to.destroy();
        from.destroy();
        return;
      }
      to.end();
    } catch {
      to.destroy();
    }
  }

  private async letThrough(direction: Direction): Promise<void> {
    while (this.toxics[direction].hang === true) await new Promise<void>((resolve) => this.wake.push(resolve));
  }

  private async write(to: Socket, bytes: Buffer, { sliceBytes, bytesPerSecond }: Toxics): Promise<void> {
    const size = Math.max(1, sliceBytes ?? bytes.length);
    for (let at = 0; at < bytes.length && !to.destroyed; at += size) {
      const slice = bytes.subarray(at, at + size);
      if (bytesPerSecond !== undefined) await wait((slice.length / bytesPerSecond) * 1_000);
      await new Promise<void>((resolve) => {
        to.write(slice, () => resolve());
      });
      if (sliceBytes !== undefined) await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }
}

function hostOf(target: string | { host: string; port: number }): { host: string; port: number } {
  if (typeof target !== 'string') return target;
  const url = new URL(target);
  return { host: url.hostname, port: Number(url.port) };
}
