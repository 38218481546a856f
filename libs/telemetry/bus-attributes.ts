/** What a span says of a hop over the bus, by the messaging conventions. Request/reply is CLIENT and SERVER, see docs/observability.md. */

/** `settle` has no span of its own here: an acknowledgement is part of what it acknowledges. */
export type BusOperation = 'request' | 'publish' | 'process';

let server: Readonly<Record<string, string | number>> = {};

/** Told by the connection: which server the hops of this process go through. */
export function knowBusServer(address: string): void {
  const port = Number(/:(\d+)$/.exec(address)?.[1] ?? 4222);
  server = { 'server.address': address.replace(/:\d+$/, ''), 'server.port': port };
}

/** `subject` is the contract's: where it has places for ids it is a template, so that no id becomes a name. */
export function busAttributes(operation: BusOperation, subject: string): Record<string, string | number> {
  return {
    'messaging.system': 'nats',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation === 'process' ? 'process' : 'send',
    [subject.includes('{') ? 'messaging.destination.template' : 'messaging.destination.name']: subject,
    ...server,
  };
}
