// A worker process of its own that can be killed and stopped: speaks the frames by hand, so that it needs no build.
import { connect } from '@nats-io/transport-node';

const [, , url, subject] = process.argv;
const connection = await connect({ servers: url });
const frame = (type, sequence, payload, flags = 0) => {
  const bytes = Buffer.alloc(10 + payload.length);
  bytes[0] = type;
  bytes[1] = flags;
  bytes.writeUInt32BE(sequence, 2);
  bytes.writeUInt32BE(payload.length, 6);
  bytes.set(payload, 10);
  return bytes;
};
connection.subscribe(`${subject}.control`, { callback: () => {} });
connection.subscribe(subject, {
  queue: 'workers',
  callback: (_error, message) => {
    connection.publish(message.reply, frame(1, 0, Buffer.alloc(0)), { reply: `${subject}.control` });
    connection.publish(message.reply, frame(4, 1, Buffer.from('first'), 1));
    setInterval(() => connection.publish(message.reply, frame(8, 2, Buffer.alloc(0))), 500);
  },
});
await connection.flush();
process.send('ready');
