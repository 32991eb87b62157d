/** Which lib may use which: what is not listed is forbidden. `common` knows nothing of ours. */
const EDGES = {
  common: [],
  redis: ['common'],
  rocketmq: ['common'],
  database: ['common'],
  identity: ['common', 'redis'],
  'inventory-check': ['identity', 'database', 'redis', 'common'],
  pricing: ['inventory-check', 'identity', 'database', 'redis', 'common'],
  cart: ['inventory-check', 'pricing', 'identity', 'database', 'redis', 'common'],
  merge: ['cart', 'identity', 'database', 'redis', 'common'],
  sync: ['cart', 'identity', 'database', 'redis', 'rocketmq', 'common'],
  recommendations: ['cart', 'pricing', 'inventory-check', 'sync', 'identity', 'database', 'redis', 'common'],
  checkout: ['cart', 'pricing', 'inventory-check', 'sync', 'identity', 'database', 'redis', 'common'],
};

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'libs-never-use-apps', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    {
      name: 'libs-only-through-their-index',
      severity: 'error',
      from: { path: '^libs/([^/]+)/' },
      to: { path: '^libs/[^/]+/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'apps-only-through-the-index-of-a-lib',
      severity: 'error',
      from: { path: '^apps/' },
      to: { path: '^libs/', pathNot: '^libs/[^/]+/src/index\\.ts$' },
    },
    ...Object.entries(EDGES).map(([lib, allowed]) => ({
      name: `edges-of-${lib}`,
      severity: /** @type {const} */ ('error'),
      from: { path: `^libs/${lib}/` },
      to: { path: '^libs/', pathNot: `^libs/(${[lib, ...allowed].join('|')})/` },
    })),
    {
      name: 'every-lib-has-its-edges-listed',
      severity: 'error',
      from: { path: '^libs/', pathNot: `^libs/(${Object.keys(EDGES).join('|')})/` },
      to: {},
    },
    {
      name: 'service-code-never-uses-tests-or-tools',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(test|tools)/' },
    },
    {
      // They run before `npm ci`; what they import later, when it is needed, is there by then.
      name: 'the-launcher-uses-node-alone',
      severity: 'error',
      from: { path: '^tools/(lib/|start\\.mjs|test\\.mjs)', pathNot: '\\.spec\\.mjs$' },
      to: { pathNot: '^tools/', dependencyTypesNot: ['core'], dynamic: false },
    },
    {
      // The judge must not share a line with the judged.
      name: 'the-replay-never-uses-the-service',
      severity: 'error',
      from: { path: '^tools/replay' },
      to: { path: '^(apps|libs|dist|ormconfig)' },
    },
    {
      // The oracle of the tests knows the contract, and nothing of how the service keeps it; not by a detour either.
      name: 'the-model-knows-nothing-of-the-service',
      severity: 'error',
      from: { path: '^test/model/' },
      to: { path: '^(apps|libs|dist|ormconfig|test/(?!model/))' },
    },
    {
      // Prices are worked out by pure functions: no clock, table, cache or framework; `now` and stock are given.
      name: 'the-pricing-engine-is-pure',
      severity: 'error',
      from: { path: '^libs/pricing/src/engine/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: '^libs/pricing/src/engine/' },
    },
    {
      // A page is a client like any other, and what the browser loads must not grow with the service.
      name: 'the-storefront-knows-the-contract-alone',
      severity: 'error',
      from: { path: '^apps/storefront/' },
      to: { path: '^(libs|dist|test|tools|ormconfig|apps/(?!storefront/))' },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
