// The layer rules of docs/ARCHITECTURE.md. A file's name says what it may import.
const effect = '\\.(module|controller|client|store|consumer|publisher|entity|filter|interceptor|subscriber)\\.ts$';
const specs = '\\.spec\\.ts$|/test/|\\.fixtures\\.ts$|\\.bench\\.ts$|\\.simulation\\.ts$';

/** A library may import only these libraries of ours. */
const lib = (name, allowed) => ({
  name: `lib-${name}`,
  comment: `libs/${name} may import only: ${allowed.length === 0 ? 'nothing of ours' : allowed.join(', ')}`,
  severity: 'error',
  from: { path: `^libs/${name}/`, pathNot: specs },
  to: { path: '^(libs|apps)/', pathNot: `^libs/(${[name, ...allowed].join('|')})/` },
});

/** Only these places may use a package. */
const only = (name, packages, places) => ({
  name: `only-${name}`,
  severity: 'error',
  from: { path: '^(libs|apps)/', pathNot: `${places}|${specs}` },
  to: { path: `node_modules/(${packages})/` },
});

export default {
  forbidden: [
    lib('wire', []),
    lib('pricing', []),
    lib('contracts', ['wire', 'pricing']),
    lib('config', ['pricing', 'contracts']),
    lib('telemetry', []),
    lib('bus', ['contracts', 'telemetry']),
    lib('service', ['bus', 'config', 'telemetry', 'contracts']),
    lib('upstream', ['wire', 'pricing', 'contracts', 'config', 'telemetry', 'bus']),
    only('nats', '@nats-io', '^libs/(bus|testing)/'),
    only('nest', '@nestjs', `^libs/service/|^apps/[^/]+/main\\.ts$|${effect}|^apps/ingress/http/`),
    only('typeorm', 'typeorm|pg', '^apps/accounting/|^libs/testing/'),
    only('redis', '@redis', '^apps/ingress/cache/redis-shelf\\.client\\.ts$'),
    only('undici', 'undici', '^libs/(upstream|testing)/|\\.client\\.ts$'),
    {
      name: 'apps-apart',
      comment: 'No app imports another app.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: specs },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'libs-below-apps',
      severity: 'error',
      from: { path: '^libs/', pathNot: specs },
      to: { path: '^apps/' },
    },
    {
      name: 'testing-stays-in-tests',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: `^libs/testing/|${specs}` },
      to: { path: '^libs/testing/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: `main\\.ts$|migrations/|${specs}` },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^apps/console/|^dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ['source', 'import', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs'],
    },
  },
};
