/**
 * Writes the dashboards, and a copy of the rules, into the chart, which can only use files of its own; compose mounts them from
 * there too:
 *
 *   node deploy/grafana/generate.mjs
 */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);

// Node.js runs TypeScript by leaving the types out, but does not find `./x.ts` for `./x.js`.
registerHooks({
  resolve(specifier, context, next) {
    const isOurs =
      specifier.startsWith('./') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts') === true;
    return next(isOurs ? specifier.replace(/\.js$/, '.ts') : specifier, context);
  },
});

const { dashboardFiles } = await import('./dashboards.ts');
const folder = new URL('deploy/helm/signalbox/files/dashboards/', root);
mkdirSync(folder, { recursive: true });
for (const [name, text] of dashboardFiles()) writeFileSync(new URL(name, folder), text);
copyFileSync(
  fileURLToPath(new URL('deploy/prometheus/rules.yaml', root)),
  fileURLToPath(new URL('deploy/helm/signalbox/files/rules.yaml', root)),
);
