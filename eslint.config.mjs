import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/**
 * Style and house rules. In flat configuration the last block that sets a rule replaces the earlier one, so the
 * lists of restricted imports and of restricted syntax are composed here, once for each group of files.
 * `tools/check/lint-canary.test.ts` plants one violation of each rule and proves that lint fails on it.
 */
const neutralLibraries = [
  'access-domain',
  'agent-protocol',
  'api-client',
  'catalog',
  'grant-token',
  'iam-policy',
  'problems',
  'recording',
  'ssm-protocol',
];
const neutral = [
  ...neutralLibraries.map((name) => `libs/${name}/src/**/*.ts`),
  'libs/effects/src/*.ts',
  // Packets are judged by code that touches no system; `edge/` beside it does.
  'libs/tunnel/src/{packet,filter,flow}/**/*.ts',
];
const tests = [
  '**/*.test.ts',
  '**/*.test.tsx',
  '**/*.e2e.ts',
  '**/test/**',
  '**/bench/**',
  '**/fuzz/**',
  'e2e/**',
  'tools/**',
];

const nodeBuiltIns = {
  group: ['node:*'],
  message: 'Neutral code runs anywhere: have what you need handed in.',
};
const testDoubles = {
  group: ['@sallyport/*/testing', '@sallyport/*/simulated'],
  message: 'Test doubles belong in tests.',
};
const clockAndChance = [
  ['CallExpression[callee.object.name="Date"][callee.property.name="now"]', 'Date.now'],
  ['NewExpression[callee.name="Date"][arguments.length=0]', 'new Date()'],
  ['CallExpression[callee.object.name="Math"][callee.property.name="random"]', 'Math.random'],
  ['CallExpression[callee.name=/^(setTimeout|setInterval)$/]', 'timers'],
  [
    'CallExpression[callee.name="randomUUID"], CallExpression[callee.property.name="randomUUID"]',
    'randomUUID',
  ],
].map(([selector, what]) => ({ selector, message: `${what}: take it from the injected Effects.` }));

const depth = {
  kernel: ['kernel'],
  domain: ['domain', 'kernel'],
  protocol: ['protocol', 'kernel'],
  client: ['client', 'kernel'],
  adapter: ['adapter', 'protocol', 'kernel'],
  feature: ['feature', 'adapter', 'protocol', 'client', 'kernel'],
  app: ['feature', 'adapter', 'protocol', 'domain', 'client', 'kernel'],
  e2e: ['feature', 'adapter', 'protocol', 'domain', 'client', 'kernel'],
};
const scope = {
  shared: ['shared'],
  access: ['access', 'shared'],
  connect: ['connect', 'shared'],
  web: ['web', 'shared'],
  e2e: ['access', 'connect', 'shared'],
};
const platform = { neutral: ['neutral'], browser: ['neutral', 'browser'] };
const frameworks = ['@nestjs/*', '@prisma/*', '@aws-sdk/*', 'next', 'react', '@oclif/*'];

const constraints = (dimension, table) =>
  Object.entries(table).map(([name, allowed]) => ({
    sourceTag: `${dimension}:${name}`,
    onlyDependOnLibsWithTags: allowed.map((tag) => `${dimension}:${tag}`),
    ...(dimension === 'type' && ['kernel', 'domain', 'protocol', 'client'].includes(name)
      ? { bannedExternalImports: frameworks }
      : {}),
  }));

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/.next/**',
      '**/out/**',
      '**/cdk.out/**',
      '**/generated/**',
      'libs/api-client/src/schema.ts',
      '.data/**',
      '.nx/**',
      '**/next-env.d.ts',
      '**/*.config.*',
      '**/*.mjs',
      'apps/cli/bin/**',
    ],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: false,
          // The end-to-end tests start the product as `npm start` does, and name programs as `npm test` does.
          allow: [
            '../tools/start/**',
            '../../tools/start/**',
            '../tools/test/**',
            '../../tools/test/**',
            '../../../tools/test/**',
            '../../libs/connect/test/**',
            '../../../../libs/connect/test/**',
            // Worlds, rigs and programs of the parts' own tests, and the bundle that an installation copies.
            '../../apps/sandbox/test/**',
            '../../libs/tunnel/test/**',
            '../../libs/tunnel/src/edge/native/libc.ts',
            '../apps/helper/build.mjs',
            // What is written into the user data of an instance is the agent's own installer.
            '../../apps/agent/install/render.mjs',
          ],
          depConstraints: [
            ...constraints('type', depth),
            ...constraints('scope', scope),
            ...constraints('platform', platform),
          ],
        },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      'no-restricted-imports': ['error', { patterns: [testDoubles] }],
      'no-restricted-syntax': ['error', ...clockAndChance],
      'no-empty': ['error', { allowEmptyCatch: false }],
      'max-lines': ['error', { max: 450, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: neutral,
    rules: { 'no-restricted-imports': ['error', { patterns: [nodeBuiltIns, testDoubles] }] },
  },
  { files: ['libs/effects/src/system/**'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: [...tests, '**/src/testing/**', '**/src/simulated/**'],
    rules: {
      'no-restricted-imports': 'off',
      'no-restricted-syntax': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
