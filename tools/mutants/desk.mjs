/**
 * Mutants of the operator's desk: runs, rebuild, dead letters, reports, audit.
 * @type {import('./list.mjs').Mutant[]}
 */
export const DESK_MUTANTS = [
  {
    name: 'a run never touches a cart that is not loaded',
    file: 'libs/sync/src/sync.service.ts',
    from: 'if (!cart) return undefined;',
    to: 'if (!cart) return { ...(await this.sync(userId)), drift: 0 };',
    spec: 'test/integration/sync-runs.int-spec.ts',
  },
  {
    name: 'a run is one at a time, by its slot',
    file: 'libs/database/src/migrations/1764000000000-operators-desk.ts',
    from: '  UNIQUE KEY uk_slot (slot),\n',
    to: '',
    spec: 'test/integration/sync-runs.int-spec.ts',
  },
  {
    name: 'a moment of the schedule has one run',
    file: 'libs/database/src/migrations/1764000000000-operators-desk.ts',
    from: '  UNIQUE KEY uk_kind_due (kind, due_at),\n',
    to: '',
    spec: 'test/integration/sync-runs.int-spec.ts',
  },
  {
    name: 'a change on its way is no drift of a run',
    file: 'libs/sync/src/sync.plan.ts',
    from: 'compareDecimals(row.version, settled) < 0',
    to: 'settled !== row.skuId',
    spec: 'test/integration/sync-runs.int-spec.ts',
  },
  {
    name: 'a silent run is taken for dead',
    file: 'libs/sync/src/runs/sync-run.table.ts',
    from: "status: isGone ? 'failed' : raw.status",
    to: 'status: raw.status',
    spec: 'test/integration/sync-runs.int-spec.ts',
  },
  {
    name: 'a rebuild is refused while Redis is newer',
    file: 'libs/sync/src/rebuild.service.ts',
    from: 'if (plan.newer.length > 0 && !force) {',
    to: 'if (!plan) {',
    spec: 'test/integration/rebuild.int-spec.ts',
  },
  {
    name: 'a forced rebuild outranks what is on its way to MySQL',
    file: 'libs/sync/src/rebuild.plan.ts',
    from: "what: force || order >= 0 ? 'stamp' : 'take'",
    to: "what: 'take'",
    spec: 'test/integration/rebuild.int-spec.ts',
  },
  {
    name: 'a rebuild outranks the rows too',
    file: 'libs/cart/src/lua/rebuild-cart-6.lua',
    from: 'raise_version(ARGV[6])',
    to: '',
    spec: 'test/integration/rebuild.int-spec.ts',
  },
  {
    name: 'a dead letter that still cannot be applied stays',
    file: 'libs/sync/src/desk/dead-letters.ts',
    from: 'await (reason === undefined ? this.table.markReplayed(id) : this.table.keep(id, reason));',
    to: 'await this.table.markReplayed(id);',
    spec: 'test/integration/desk.int-spec.ts',
  },
  {
    name: 'abandonment counts shoppers, not changes',
    file: 'libs/sync/src/desk/abandonment.table.ts',
    from: 'SELECT DISTINCT sku_id',
    to: 'SELECT sku_id',
    spec: 'test/integration/desk.int-spec.ts',
  },
  {
    name: 'the audit waits for MySQL',
    file: 'libs/sync/src/audit/admin-audit.ts',
    from: 'if (!(error instanceof DatabaseUnavailableError)) this.drop',
    to: 'if (error) this.drop',
    spec: 'test/integration/admin-audit.int-spec.ts',
  },
];
