// The yardstick: a proxy that does nothing but pass bytes on. Prints its port.
import { createServer } from 'node:http';
import { Pool } from 'undici';

const pool = new Pool(process.argv[2], { connections: 128 });
createServer((request, response) => {
  pool.stream(
    { method: request.method, path: request.url, headers: { 'content-type': 'application/json' }, body: request },
    ({ statusCode, headers }) => {
      response.writeHead(statusCode, headers);
      return response;
    },
    () => {},
  );
}).listen(0, '127.0.0.1', function listening() {
  process.stdout.write(`${this.address().port}\n`);
});
