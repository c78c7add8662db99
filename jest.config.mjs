/** Transpiled by swc; `npm run typecheck` checks the types. `@app/<lib>` resolves to the index.ts of a lib. */
const swc = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true, dynamicImport: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    keepClassNames: true,
  },
  module: { type: 'es6' },
  sourceMaps: 'inline',
  swcrc: false,
};
const base = {
  rootDir: import.meta.dirname,
  testEnvironment: '<rootDir>/test/support/environment.mjs',
  setupFilesAfterEnv: ['<rootDir>/test/support/log-guard.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  resolver: '<rootDir>/scripts/jest-resolver.cjs',
  moduleNameMapper: {
    '^@app/([^/]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^@tollgate/client$': '<rootDir>/clients/typescript/src/index.ts',
    '^@tollgate/client/nest$': '<rootDir>/clients/typescript/src/nest.ts',
    // CommonJS that requires ESM, which Jest cannot load: see scripts/throttler-for-jest.mjs.
    '^@nestjs/throttler$': '<rootDir>/node_modules/.cache/tollgate/throttler.mjs',
  },
};
/** @type {import('jest').Config} */
export default {
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/{apps,libs}/*/src/**/*.spec.ts'] },
    {
      ...base,
      displayName: 'integration',
      testMatch: ['<rootDir>/test/**/*.spec.ts'],
      testPathIgnorePatterns: ['/node_modules/', '/test/rules/breaches/'],
      globalSetup: '<rootDir>/test/support/global-setup.mjs',
      globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
    },
  ],
  testTimeout: 30_000,
  // Each file leaves some 60 MB of modules behind: a worker with gigabytes stops for seconds to collect garbage, and
  // the timeouts of its services expire.
  workerIdleMemoryLimit: '800MB',
  testSequencer: '<rootDir>/test/support/sequencer.mjs',
  // Only code in the test processes is measured, not the services that tests start in other processes.
  coverageProvider: 'v8',
  collectCoverageFrom: [
    'apps/*/src/**/*.ts',
    'libs/*/src/**/*.ts',
    'clients/*/src/**/*.ts',
    'migrations/**/*.ts',
    '!**/*.spec.ts',
    '!clients/typescript/src/schema.ts',
  ],
  coverageReporters: ['text-summary', 'lcov'],
};
