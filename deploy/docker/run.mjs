/** The image's command: runs the service that SERVICE names. Helm, Swarm and systemd name the file themselves. */
import { existsSync } from 'node:fs';

const service = process.env.SERVICE ?? '';
const entry = new URL(`../../dist/apps/${service}/main.js`, import.meta.url);

if (/^[a-z-]+$/.test(service) && existsSync(entry)) {
  await import(entry.href);
} else {
  const names = 'ingress, router, accounting, health, provider-ollama, provider-cloud';
  process.stderr.write(
    `set SERVICE to one of ${names}; it is ${service === '' ? 'not set' : JSON.stringify(service)}\n`,
  );
  process.exitCode = 2;
}
