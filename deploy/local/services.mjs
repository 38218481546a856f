/** How the six services are run and when they are ready. */
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { environmentOf, SERVICES } from './environment.mjs';
import { nextFreePort } from './ports.mjs';

/**
 * @typedef {Omit<import('./environment.mjs').Facts, 'managementPort'>} SuiteFacts
 * @typedef {{ root: string, node: string, facts: SuiteFacts, firstManagementPort: number, portsFile: string, drainMs: number }} Options
 *   portsFile: where the ports are written for people, scrapers and tests
 */

/**
 * @param {Options} options
 * @returns {import('./supervised.mjs').Spec[]} in the order in which they end
 */
export function serviceSpecs({ root, node, facts, firstManagementPort, portsFile, drainMs }) {
  /** @type {Map<string, number>} */
  const ports = new Map();
  const portOf = async (/** @type {string} */ name) => {
    const others = new Set([...ports].flatMap(([other, port]) => (other === name ? [] : [port])));
    const port = await nextFreePort(ports.get(name) ?? firstManagementPort, '127.0.0.1', others);
    ports.set(name, port);
    const listed = { http: facts.port, management: Object.fromEntries(ports) };
    writeFileSync(portsFile, `${JSON.stringify(listed, null, 2)}\n`);
    return port;
  };
  // One after the other, or two services would choose the same port.
  let turn = Promise.resolve(0);
  const inTurn = (/** @type {string} */ name) => (turn = turn.then(() => portOf(name)));
  return SERVICES.map((name) => ({
    name,
    async program() {
      const managementPort = await inTurn(name);
      return {
        file: node,
        args: [join(root, 'dist', 'apps', name, 'main.js')],
        env: environmentOf(name, { ...facts, managementPort }),
        cwd: root,
        deathSignal: 'SIGKILL',
      };
    },
    isReady: (pid) => isReady(ports.get(name) ?? 0, pid),
    stopSignal: 'SIGTERM',
    stopWithinMs: drainMs + 5_000,
  }));
}

/**
 * Whether the process itself is ready: another suite may have taken the port in the moment between choosing and binding it.
 * @param {number} port
 * @param {number} pid
 * @returns {Promise<boolean>}
 */
function isReady(port, pid) {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/readyz', timeout: 2_000, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.once('end', () => resolve(response.statusCode === 200 && saysPid(text, pid)));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}

/**
 * @param {string} text
 * @param {number} pid
 */
function saysPid(text, pid) {
  try {
    return JSON.parse(text).pid === pid;
  } catch {
    return false;
  }
}
