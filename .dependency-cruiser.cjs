/** Which part may know which. `npm run lint` checks it; test/rules seeds a breach of every rule and sees it fail. */
const BELOW = {
  kernel: [],
  client: [],
  platform: ['kernel'],
  users: ['kernel', 'platform'],
  customers: ['kernel', 'platform'],
  catalog: ['kernel', 'platform'],
  subscriptions: ['kernel', 'platform', 'customers', 'catalog'],
  entitlements: ['kernel', 'platform', 'customers', 'catalog', 'subscriptions'],
  metering: ['kernel', 'platform', 'customers', 'catalog', 'subscriptions', 'entitlements'],
  deliveries: ['kernel', 'platform'],
  webhooks: ['kernel', 'platform', 'catalog', 'deliveries'],
  notifications: ['kernel', 'platform', 'users', 'customers', 'deliveries'],
  auth: [
    'kernel',
    'platform',
    'users',
    'customers',
    'catalog',
    'subscriptions',
    'deliveries',
    'webhooks',
    'notifications',
  ],
};

const oneWay = Object.entries(BELOW).map(([lib, below]) => ({
  name: `one-way-${lib}`,
  severity: 'error',
  comment: `libs/${lib} knows only ${below.join(', ') || 'itself'}: move what both need down, or the caller up.`,
  from: { path: `^libs/${lib}/` },
  to: { path: '^libs/', pathNot: `^libs/(${[lib, ...below].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...oneWay,
    {
      name: 'through-the-door',
      severity: 'error',
      comment: 'Import another lib as @app/<lib>: what its index.ts does not give is its own business.',
      from: { path: '^(apps|libs)/([^/]+)/' },
      to: { path: '^libs/([^/]+)/src/(?!index\\.ts$)', pathNot: '^libs/$2/' },
    },
    {
      name: 'libs-know-no-app',
      severity: 'error',
      comment: 'apps import libs, never the other way round.',
      from: { path: '^(libs|migrations)/' },
      to: { path: '^apps/' },
    },
    {
      name: 'apps-apart',
      severity: 'error',
      comment:
        'Apps do not know each other; only the api’s main.ts takes the worker’s module in, to run both in one process.',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: ['^apps/$1/', '^apps/worker/src/worker\\.module\\.ts$'] },
    },
    {
      name: 'only-main-composes',
      severity: 'error',
      comment: 'The worker’s module is taken in by the api’s main.ts alone.',
      from: { path: '^apps/', pathNot: ['^apps/worker/', '^apps/api/src/main\\.ts$'] },
      to: { path: '^apps/worker/src/worker\\.module\\.ts$' },
    },
    {
      name: 'pure-domain',
      severity: 'error',
      comment: 'domain/ imports the kernel and its own folder; of libs below only types.',
      from: { path: '^libs/([^/]+)/src/domain/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: ['^libs/kernel/', '^libs/$1/src/domain/'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'pure-kernel',
      severity: 'error',
      comment: 'The kernel is plain TypeScript: time and ids come from two packages, and nothing else comes in.',
      from: { path: '^libs/kernel/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm', 'npm-dev'], pathNot: 'node_modules/(temporal-polyfill|uuidv7)/' },
    },
    {
      name: 'typeorm-in-its-place',
      severity: 'error',
      comment: 'SQL and TypeORM belong to repositories, entities, modules, the database folder and migrations.',
      from: {
        path: '^(apps|libs)/',
        pathNot: ['\\.(repository|entity|entities|module)\\.ts$', '^libs/platform/src/database/'],
      },
      to: { path: 'node_modules/(typeorm|@nestjs/typeorm)/' },
    },
    {
      name: 'controllers-ask-services',
      severity: 'error',
      comment: 'A controller calls a service: it knows no repository and no entity.',
      from: { path: '\\.controller\\.ts$' },
      to: { path: '\\.(repository|entity|entities)\\.ts$' },
    },
    {
      name: 'migrations-alone',
      severity: 'error',
      comment: 'A migration must run for ever as it was written: it imports nothing that changes.',
      from: { path: '^migrations/' },
      to: { path: '^(apps|libs|test)/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Two files that import each other are one: merge them or cut a third out.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-dev-packages',
      severity: 'error',
      comment: 'What runs in production stands in dependencies.',
      from: { path: '^(apps|libs|migrations)/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'type-only'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'The import leads nowhere.',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.d.ts'],
    },
  },
};
