/**
 * Nest's transport over our bus: a controller method marked with @Serves(contract) answers that contract. Only this file
 * and runService know that Nest is there.
 */
import { MessagePattern, Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { firstValueFrom, isObservable } from 'rxjs';
import type { z } from 'zod';
import type { Bus } from '#bus';
import type { AnyRequestContract } from '#contracts';

const contracts = new Map<string, AnyRequestContract>();

/**
 * Answers a request contract with a controller method. Parsing, tracing, timing, deadlines and errors are done around it;
 * a method whose types do not fit the contract does not compile.
 */
export function Serves<C extends AnyRequestContract>(contract: C) {
  contracts.set(contract.subject, contract);
  const decorate = MessagePattern(contract.subject);
  return <Handler extends (request: z.output<C['request']>) => Promise<z.input<C['reply']>>>(
    target: object,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<Handler>,
  ): void => {
    decorate(target, name, descriptor);
  };
}

export class BusTransport extends Server implements CustomTransportStrategy {
  private readonly servers: { stop(): Promise<void> }[] = [];

  constructor(private readonly bus: Bus) {
    super();
  }

  override listen(callback: () => void): void {
    for (const [subject, handler] of this.getHandlers()) {
      const contract = contracts.get(subject);
      if (contract === undefined) throw new Error(`${subject} is served without @Serves`);
      const server = this.bus.serve(contract, {}, async (request) => {
        const result: unknown = await handler(request, undefined);
        return isObservable(result) ? firstValueFrom(result, { defaultValue: undefined }) : result;
      });
      this.servers.push(server);
    }
    callback();
  }

  override async close(): Promise<void> {
    await Promise.allSettled(this.servers.map((server) => server.stop()));
  }

  override on(): void {}

  override unwrap<T>(): T {
    throw new Error('the bus has no underlying server to hand out');
  }
}
