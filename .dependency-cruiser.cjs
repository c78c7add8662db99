/** Libs that each lib may import. `npm run lint` checks it; test/rules seeds a breach of every rule. */
const BELOW = require('./scripts/import-order.cjs');

const oneWay = Object.entries(BELOW).map(([lib, below]) => ({
  name: `one-way-${lib}`,
  severity: 'error',
  comment: `libs/${lib} may import only ${below.join(', ') || 'itself'}: move the shared code down, or the caller up.`,
  from: { path: `^libs/${lib}/` },
  to: { path: '^libs/', pathNot: `^libs/(${[lib, ...below].join('|')})/` },
}));

/** Domains that call pure functions of lower libs: rest of a period, statuses that pay, form of a number. */
const DERIVING = '^libs/(billing|entitlements)/src/domain/';

/** Page apps, bundled for browsers. */
const PAGES = '^apps/(admin|portal)/';

module.exports = {
  forbidden: [
    ...oneWay,
    {
      name: 'import-libs-by-index',
      severity: 'error',
      comment: 'Import another lib as @app/<lib>: only the exports of its index.ts are public.',
      from: { path: '^(apps|libs)/([^/]+)/' },
      to: { path: '^libs/([^/]+)/src/(?!index\\.ts$)', pathNot: '^libs/$2/' },
    },
    {
      name: 'libs-import-no-app',
      severity: 'error',
      comment: 'Apps import libs, never the reverse.',
      from: { path: '^(libs|migrations)/' },
      to: { path: '^apps/' },
    },
    {
      name: 'apps-import-no-app',
      severity: 'error',
      comment:
        'Apps do not import each other; only main.ts of the api imports the worker module, to run both in one process.',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: ['^apps/$1/', '^apps/worker/src/worker\\.module\\.ts$'] },
    },
    {
      name: 'worker-module-in-main-only',
      severity: 'error',
      comment: 'Only main.ts of the api imports the worker module.',
      from: { path: '^apps/', pathNot: ['^apps/worker/', '^apps/api/src/main\\.ts$'] },
      to: { path: '^apps/worker/src/worker\\.module\\.ts$' },
    },
    {
      name: 'clients-import-no-server',
      severity: 'error',
      comment: 'A client is published alone: it imports nothing of the server.',
      from: { path: '^clients/' },
      to: { path: '^(apps|libs|migrations)/' },
    },
    {
      name: 'pages-import-no-server',
      severity: 'error',
      comment: 'Pages use the API as every other client does: they import clients and nothing of the server.',
      from: { path: PAGES },
      to: { path: '^(libs|migrations|apps/(api|worker))/' },
    },
    {
      name: 'server-imports-no-client',
      severity: 'error',
      comment: 'Clients call the server over HTTP; the server never imports one.',
      from: { path: '^(apps|libs|migrations)/', pathNot: PAGES },
      to: { path: '^clients/' },
    },
    {
      name: 'client-packages',
      severity: 'error',
      comment: 'A client imports only packages that its own package.json lists: nothing else is installed with it.',
      from: { path: '^clients/[^/]+/src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-dev', 'npm-unknown'], dependencyTypesNot: ['npm', 'npm-peer'] },
    },
    {
      name: 'pure-domain',
      severity: 'error',
      comment:
        'domain/ imports the kernel and its own folder; from lower libs only types; and zod, which only describes shapes.',
      from: { path: '^libs/([^/]+)/src/domain/', pathNot: ['\\.spec\\.ts$', DERIVING] },
      to: {
        pathNot: ['^libs/kernel/', '^libs/$1/src/domain/', 'node_modules/zod/'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'pure-domain-deriving',
      severity: 'error',
      comment:
        'These domains derive from subscriptions: they may also call the pure functions of the libs that they derive from.',
      from: { path: DERIVING, pathNot: '\\.spec\\.ts$' },
      to: {
        pathNot: [
          '^libs/kernel/',
          '^libs/(catalog|subscriptions|entitlements)/src/index\\.ts$',
          '^libs/(billing|entitlements)/src/domain/',
          // isDeepStrictEqual
          '^util$',
          'node_modules/zod/',
        ],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'pure-kernel',
      severity: 'error',
      comment: 'The kernel is plain TypeScript: it imports two packages, for time and ids, and nothing else.',
      from: { path: '^libs/kernel/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm', 'npm-dev'], pathNot: 'node_modules/(temporal-polyfill|uuidv7)/' },
    },
    {
      name: 'typeorm-in-repositories-only',
      severity: 'error',
      comment: 'SQL and TypeORM belong to repositories, entities, modules, the database folder and migrations.',
      from: {
        path: '^(apps|libs)/',
        pathNot: ['\\.(repository|entity|entities|module)\\.ts$', '^libs/platform/src/database/'],
      },
      to: { path: 'node_modules/(typeorm|@nestjs/typeorm)/' },
    },
    {
      name: 'stripe-in-its-lib-only',
      severity: 'error',
      comment: 'Only libs/stripe imports the package stripe: others use the port PaymentProvider.',
      from: { path: '^(apps|libs|clients|migrations)/', pathNot: '^libs/stripe/' },
      to: { path: 'node_modules/stripe/' },
    },
    {
      name: 'openid-client-in-one-file',
      severity: 'error',
      comment: 'Only oidc-provider.ts imports the package openid-client: others use OidcProvider.',
      from: { path: '^(apps|libs|clients|migrations)/', pathNot: '^libs/auth/src/oidc/oidc-provider\\.ts$' },
      to: { path: 'node_modules/openid-client/' },
    },
    {
      name: 'controllers-call-services',
      severity: 'error',
      comment: 'A controller calls a service: it imports no repository and no entity.',
      from: { path: '\\.controller\\.ts$' },
      to: { path: '\\.(repository|entity|entities)\\.ts$' },
    },
    {
      name: 'migrations-import-nothing',
      severity: 'error',
      comment: 'A migration must never change what it does: it imports no code of the project.',
      from: { path: '^migrations/' },
      to: { path: '^(apps|libs|test)/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'An import cycle: merge the files or extract a third one.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-dev-packages',
      severity: 'error',
      comment: 'Packages used in production belong in dependencies.',
      // Pages are bundled: their packages are needed for the build only.
      from: { path: '^(apps|libs|migrations)/', pathNot: ['\\.spec\\.ts$', PAGES] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'type-only'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'The imported file or package does not exist.',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^clients/[^/]+/dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.d.ts'],
    },
  },
};
