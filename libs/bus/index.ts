/** The bus: the only place that knows NATS. */
export { Bus } from './bus.js';
export type { BusOptions } from './connection.js';
export type { Bucket, BucketEntry } from './jetstream/bucket.js';
export type { Backlog } from './jetstream/backlog.js';
export type { ConsumeOptions, Consuming } from './jetstream/durable.js';
export type { DurableMessage } from './jetstream/durable-message.js';
export type { DurableOptions } from './jetstream/durable-publisher.js';
export type { RequestOptions } from './rpc.js';
export type { ReceivedFrame, ReceivedStream } from './stream/receiver.js';
export type { StreamHandler, StreamSender } from './stream/sender.js';
