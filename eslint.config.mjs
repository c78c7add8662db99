import eslint from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';
import { projectRules } from './scripts/lint-rules.mjs';

const forbid = (selector, message) => ({ selector, message });
const EVERYWHERE = [
  forbid('ExportDefaultDeclaration', 'Use a named export.'),
  forbid(
    "Identifier[name='forwardRef']",
    'forwardRef hides a cycle between modules: move the shared code into a third one.',
  ),
];
const NO_CLOCK = [
  forbid("NewExpression[callee.name='Date'][arguments.length=0]", 'Use the injected Clock.'),
  forbid("CallExpression[callee.object.name='Date'][callee.property.name='now']", 'Use the injected Clock.'),
];
const NO_FLOAT = [
  forbid(
    "CallExpression[callee.name='parseFloat'], CallExpression[callee.property.name='toFixed']",
    'Money and counts are integers.',
  ),
];
const PURE = [
  forbid(':function[async=true]', 'domain/ is pure: no async functions.'),
  forbid("CallExpression[callee.name='newId']", 'domain/ is pure: the caller passes ids.'),
];
const CONTROLLERS = [
  forbid(
    'IfStatement, SwitchStatement, ConditionalExpression[parent.type!="ArrowFunctionExpression"]',
    'A controller reads the request, calls one service method and returns the result: no branches.',
  ),
];

/** Pages and components: they run in browsers, without dependency injection. */
const BROWSER = ['apps/{admin,portal}/src', 'clients/{web,react}/src', 'examples/react/src'];
const BROWSER_FILES = BROWSER.flatMap((folder) => [`${folder}/**/*.ts`, `${folder}/**/*.tsx`]);

export default tseslint.config(
  {
    ignores: [
      'node_modules',
      '**/dist',
      'clients/typescript/src/schema.ts',
      'coverage',
      '.data',
      'test/client/react-consumer',
      '**/*.cjs',
    ],
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [eslint.configs.recommended, ...tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        project: './tsconfig.json',
        tsconfigRootDir: import.meta.dirname,
        emitDecoratorMetadata: true,
        experimentalDecorators: true,
      },
    },
    plugins: { project: projectRules },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': ['error', ...EVERYWHERE, ...NO_CLOCK, ...NO_FLOAT],
      'project/file-name': 'error',
      'project/few-parameters': 'error',
      'project/todo-with-issue': 'error',
      'project/visibility-by-scope': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/domain/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: { 'no-restricted-syntax': ['error', ...EVERYWHERE, ...NO_CLOCK, ...NO_FLOAT, ...PURE] },
  },
  {
    files: ['**/*.controller.ts'],
    rules: { 'no-restricted-syntax': ['error', ...EVERYWHERE, ...NO_CLOCK, ...NO_FLOAT, ...CONTROLLERS] },
  },
  { files: ['libs/platform/src/clock/*.ts'], rules: { 'no-restricted-syntax': ['error', ...EVERYWHERE] } },
  // The client runs in other services, which have no dependency injection.
  { files: ['clients/typescript/src/*.ts'], rules: { 'no-restricted-syntax': ['error', ...EVERYWHERE] } },
  {
    files: BROWSER_FILES,
    extends: [reactHooks.configs.flat['recommended-latest']],
    languageOptions: { parserOptions: { project: './tsconfig.browser.json' } },
    rules: {
      'max-lines-per-function': ['error', { max: 120, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': ['error', ...EVERYWHERE],
      // TanStack Router throws redirects, which are no errors.
      '@typescript-eslint/only-throw-error': 'off',
    },
  },
  { files: ['apps/*/src/main.ts', 'test/support/log-guard.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['test/**/*.ts', '**/*.spec.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...EVERYWHERE],
      'max-lines': ['error', { max: 450, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': 'off',
      'project/few-parameters': 'off',
      'project/visibility-by-scope': 'off',
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
    },
  },
  {
    files: ['**/*.mjs'],
    extends: [eslint.configs.recommended],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        fetch: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        URL: 'readonly',
        globalThis: 'readonly',
        Buffer: 'readonly',
        performance: 'readonly',
        AbortSignal: 'readonly',
        AbortController: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        setImmediate: 'readonly',
      },
    },
  },
);
