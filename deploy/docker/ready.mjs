/** The image's health check: exit code 0 when this container's service is ready for work. There is no curl in the image. */
import { get } from 'node:http';

const port = process.env.SIGNALBOX_MANAGEMENT_PORT ?? '9464';
const request = get({ host: '127.0.0.1', port, path: '/readyz', timeout: 4_000, agent: false }, (response) => {
  response.resume();
  process.exitCode = response.statusCode === 200 ? 0 : 1;
});
request.once('timeout', () => request.destroy(new Error('no answer')));
request.once('error', () => {
  process.exitCode = 1;
});
