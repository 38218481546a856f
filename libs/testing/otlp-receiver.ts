/** Receives traces over OTLP/HTTP, as protobuf or JSON, compressed or not, so that tests can see what was traced. */
import { gunzipSync } from 'node:zlib';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { z } from 'zod';
import { protobufFields, type ProtobufField } from './protobuf-reader.js';
import { listen, originOf } from './upstream/listen.js';

type Attribute = string | number | boolean | readonly string[];

export interface ReceivedSpan {
  /** `service.name` of the resource. */
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Trace and span ids of linked spans. */
  readonly links: readonly { traceId: string; spanId: string }[];
  readonly startNanos: bigint;
  readonly endNanos: bigint;
  /** 0 unset, 1 ok, 2 error. */
  readonly status: number;
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, Attribute>> }[];
}

/** One POST of an exporter. */
export interface ReceivedExport {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly spans: readonly ReceivedSpan[];
}

export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  readonly exports: ReceivedExport[] = [];
  private readonly server: Server;
  private readonly watchers = new Set<() => void>();
  private port = 0;

  private constructor() {
    this.server = createServer((request, response) => {
      void this.take(request).then((status) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}'),
      );
    });
  }

  /** Starts a receiver; `url` is for OTEL_EXPORTER_OTLP_ENDPOINT. */
  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    receiver.port = await listen(receiver.server, 0);
    return receiver;
  }

  get url(): string {
    return originOf(this.port);
  }

  /** The spans of one trace. */
  trace(traceId: string): ReceivedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId);
  }

  /** Resolves with the first span that fits, now or later. */
  async until(fits: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan> {
    for (;;) {
      const found = this.spans.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.watchers.add(resolve));
    }
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage): Promise<number> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const raw = Buffer.concat(chunks);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    const path = request.url ?? '/';
    if (!path.endsWith('/v1/traces')) return 200;
    const isJson = request.headers['content-type']?.startsWith('application/json') === true;
    const spans = isJson ? spansOfJson(JSON.parse(body.toString('utf8'))) : spansOfProtobuf(body);
    this.spans.push(...spans);
    this.exports.push({ path, headers: request.headers, spans });
    for (const wake of this.watchers) wake();
    this.watchers.clear();
    return 200;
  }
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const utf8 = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');

/** Fields of a message by number, each as often as it comes. */
class Message {
  private readonly fields: ProtobufField[];

  constructor(bytes: Uint8Array) {
    this.fields = [...protobufFields(bytes)];
  }

  all(number: number): Uint8Array[] {
    return this.fields.flatMap((field) =>
      field.number === number && typeof field.value !== 'bigint' ? [field.value] : [],
    );
  }

  bytes(number: number): Uint8Array {
    return this.all(number).at(-1) ?? new Uint8Array();
  }

  integer(number: number): bigint {
    const found = this.fields.findLast((field) => field.number === number)?.value;
    return typeof found === 'bigint' ? found : 0n;
  }

  has(number: number): boolean {
    return this.fields.some((field) => field.number === number);
  }
}

/** opentelemetry.proto.common.v1.KeyValue. */
function attributesOf(list: readonly Uint8Array[]): Record<string, Attribute> {
  return Object.fromEntries(
    list.map((bytes) => {
      const pair = new Message(bytes);
      return [utf8(pair.bytes(1)), valueOf(pair.bytes(2))];
    }),
  );
}

/** AnyValue: string 1, bool 2, int 3, double 4, array 5. */
function valueOf(bytes: Uint8Array): Attribute {
  const value = new Message(bytes);
  if (value.has(2)) return value.integer(2) === 1n;
  if (value.has(3)) return Number(BigInt.asIntN(64, value.integer(3)));
  if (value.has(4)) {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, value.integer(4));
    return view.getFloat64(0);
  }
  if (value.has(5)) return new Message(value.bytes(5)).all(1).map((item) => String(valueOf(item)));
  return utf8(value.bytes(1));
}

/** opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest. */
function spansOfProtobuf(body: Uint8Array): ReceivedSpan[] {
  return new Message(body).all(1).flatMap((resourceSpans) => {
    const group = new Message(resourceSpans);
    const resource = attributesOf(new Message(group.bytes(1)).all(1));
    const scopes = group.all(2).map((bytes) => new Message(bytes));
    return scopes
      .flatMap((scope) => scope.all(2))
      .map((bytes) => spanOf(new Message(bytes), String(resource['service.name'])));
  });
}

function spanOf(span: Message, service: string): ReceivedSpan {
  return {
    service,
    name: utf8(span.bytes(5)),
    traceId: hex(span.bytes(1)),
    spanId: hex(span.bytes(2)),
    parentSpanId: hex(span.bytes(4)),
    kind: Number(span.integer(6)),
    startNanos: span.integer(7),
    endNanos: span.integer(8),
    attributes: attributesOf(span.all(9)),
    links: span.all(13).map((bytes) => {
      const link = new Message(bytes);
      return { traceId: hex(link.bytes(1)), spanId: hex(link.bytes(2)) };
    }),
    status: Number(new Message(span.bytes(15)).integer(3)),
    events: span.all(11).map((bytes) => {
      const event = new Message(bytes);
      return { name: utf8(event.bytes(2)), attributes: attributesOf(event.all(3)) };
    }),
  };
}

const JsonValue = z
  .looseObject({
    stringValue: z.string().optional(),
    boolValue: z.boolean().optional(),
    intValue: z.coerce.number().optional(),
    doubleValue: z.number().optional(),
    arrayValue: z.object({ values: z.array(z.looseObject({ stringValue: z.string().optional() })) }).optional(),
  })
  .transform(
    (value): Attribute =>
      value.stringValue ??
      value.boolValue ??
      value.intValue ??
      value.doubleValue ??
      value.arrayValue?.values.map((item) => item.stringValue ?? '') ??
      '',
  );
const JsonAttributes = z
  .array(z.object({ key: z.string(), value: JsonValue }))
  .default([])
  .transform((list) => Object.fromEntries(list.map(({ key, value }) => [key, value])));
const JsonSpan = z.looseObject({
  name: z.string(),
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().default(''),
  kind: z.number().default(0),
  startTimeUnixNano: z.coerce.bigint(),
  endTimeUnixNano: z.coerce.bigint(),
  attributes: JsonAttributes,
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).default([]),
  status: z.looseObject({ code: z.number().default(0) }).default({ code: 0 }),
  events: z.array(z.object({ name: z.string(), attributes: JsonAttributes })).default([]),
});
const JsonTraces = z.object({
  resourceSpans: z.array(
    z.looseObject({
      resource: z.looseObject({ attributes: JsonAttributes }),
      scopeSpans: z.array(z.looseObject({ spans: z.array(JsonSpan) })),
    }),
  ),
});

function spansOfJson(body: unknown): ReceivedSpan[] {
  return JsonTraces.parse(body).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans
      .flatMap((scope) => scope.spans)
      .map(({ startTimeUnixNano, endTimeUnixNano, status, ...span }) => ({
        ...span,
        service: String(resource.attributes['service.name']),
        startNanos: startTimeUnixNano,
        endNanos: endTimeUnixNano,
        status: status.code,
      })),
  );
}
