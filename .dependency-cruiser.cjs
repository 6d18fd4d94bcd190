/** Boundaries inside apps/api, which the workspace rules see as one project. */
const slice = '^apps/api/src/slices/([^/]+)/';
/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'slices-meet-at-their-index',
      comment: 'A slice is entered only through its index.ts or its module.',
      severity: 'error',
      from: { path: slice },
      to: { path: slice, pathNot: ['^apps/api/src/slices/$1/', '/index\\.ts$', '\\.module\\.ts$'] },
    },
    {
      name: 'prisma-stays-at-the-edge',
      comment: 'Only stores, queries and the database platform know Prisma.',
      severity: 'error',
      from: {
        path: '^apps/api/src',
        pathNot: [
          '\\.prisma-store\\.ts$',
          '\\.query\\.ts$',
          // Wiring hands the client to stores and queries.
          '\\.module\\.ts$',
          '^apps/api/src/platform/(database|outbox)/',
          '^apps/api/src/generated/',
          '\\.db\\.test\\.ts$',
          '\\.api\\.test\\.ts$',
        ],
      },
      to: { path: ['^apps/api/src/generated/prisma', '@prisma/'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'aws-stays-in-its-platform',
      severity: 'error',
      from: { path: '^apps/api/src', pathNot: ['^apps/api/src/platform/aws/'] },
      to: { path: '@aws-sdk/' },
    },
    {
      name: 'platform-knows-no-slice',
      severity: 'error',
      from: { path: '^apps/api/src/platform/', pathNot: ['\\.test\\.ts$'] },
      to: { path: '^apps/api/src/slices/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'apps/api/tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ['development', 'import', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
};
