/**
 * Checks who imports whom (.dependency-cruiser.mjs), and first that each rule can fail: a rule that nothing ever broke
 * may just be misspelt. For every rule a small tree that breaks it is written to a temporary folder and cruised.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import config from '../.dependency-cruiser.mjs';

const ROOT = join(import.meta.dirname, '..');

const RULES = config.forbidden ?? [];

/**
 * For each rule: the file that breaks it, what it imports, and where that is.
 * @type {Record<string, [path: string, imported: string][]>}
 */
const BREACHES = {
  'no-cycles': [
    ['libs/common/src/a.ts', './b.js'],
    ['libs/common/src/b.ts', './a.js'],
  ],
  'libs-never-use-apps': [
    ['libs/cart/src/a.ts', '../../../apps/server/src/b.js'],
    ['apps/server/src/b.ts', ''],
  ],
  'libs-only-through-their-index': [
    ['libs/cart/src/a.ts', '../../redis/src/keys.js'],
    ['libs/redis/src/keys.ts', ''],
  ],
  'apps-only-through-the-index-of-a-lib': [
    ['apps/server/src/a.ts', '../../../libs/redis/src/keys.js'],
    ['libs/redis/src/keys.ts', ''],
  ],
  'every-lib-has-its-edges-listed': [
    ['libs/brand-new/src/a.ts', './b.js'],
    ['libs/brand-new/src/b.ts', ''],
  ],
  'service-code-never-uses-tests-or-tools': [
    ['libs/cart/src/a.ts', '../../../test/support/b.js'],
    ['test/support/b.ts', ''],
  ],
  'the-launcher-uses-node-alone': [
    ['tools/lib/a.mjs', '../../node_modules/some/index.js'],
    ['node_modules/some/index.js', ''],
  ],
  'the-replay-never-uses-the-service': [
    ['tools/replay/a.mjs', '../../libs/cart/src/index.js'],
    ['libs/cart/src/index.ts', ''],
  ],
  'the-model-knows-nothing-of-the-service': [
    ['test/model/a.ts', '../../libs/cart/src/index.js'],
    ['libs/cart/src/index.ts', ''],
  ],
  'the-pricing-engine-is-pure': [
    ['libs/pricing/src/engine/a.ts', '../promotion.table.js'],
    ['libs/pricing/src/promotion.table.ts', ''],
  ],
  'the-storefront-knows-the-contract-alone': [
    ['apps/storefront/src/a.ts', '../../server/src/b.js'],
    ['apps/server/src/b.ts', ''],
  ],
  'no-unresolvable': [['libs/cart/src/a.ts', './nowhere.js']],
};

/** An edge rule is broken by an import of a lib that is not on its list; only `checkout` may use `sync`, and neither may use `zzz`. */
for (const { name = '' } of RULES) {
  const lib = /^edges-of-(.+)$/.exec(name)?.[1];
  if (!lib) continue;
  const other = ['sync', 'checkout', 'recommendations'].includes(lib) ? 'zzz' : 'sync';
  BREACHES[name] = [
    [`libs/${lib}/src/a.ts`, `../../${other}/src/index.js`],
    [`libs/${other}/src/index.ts`, ''],
  ];
}

/** @param {string} baseDir @param {string[]} folders @param {boolean} hasAliases */
async function violations(baseDir, folders, hasAliases) {
  const tsConfig = join(ROOT, 'tsconfig.json');
  const result = await cruise(
    folders,
    {
      ...config.options,
      tsConfig: hasAliases ? { fileName: tsConfig } : undefined,
      baseDir,
      ruleSet: { forbidden: RULES },
      validate: true,
    },
    undefined,
    hasAliases ? { tsConfig: extractTSConfig(tsConfig) } : undefined,
  );
  if (typeof result.output === 'string') throw new Error(result.output);
  return result.output.summary.violations;
}

let failed = 0;
for (const { name = '' } of RULES) {
  const files = BREACHES[name];
  const folder = mkdtempSync(join(tmpdir(), 'boundaries-'));
  try {
    for (const [path, imported] of files ?? []) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), imported ? `import '${imported}';\nexport {};\n` : 'export {};\n');
    }
    const tops = new Set((files ?? []).map(([path]) => path.slice(0, path.indexOf('/'))));
    const folders = [...tops].filter((top) => top !== 'node_modules');
    const found = files ? await violations(folder, folders, false) : [];
    if (!found.some((violation) => violation.rule.name === name)) {
      console.error(`the rule ${name} does not fail when it is broken`);
      failed += 1;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const found = await violations(ROOT, ['apps', 'libs', 'tools', 'test/model', 'ormconfig.ts'], true);
for (const { rule, from, to } of found) console.error(`${rule.name}: ${from} → ${to}`);
failed += found.length;
console.log(`${RULES.length} rules, each seen to fail; ${found.length} violations`);
process.exit(failed === 0 ? 0 : 1);
