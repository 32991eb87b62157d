/**
 * Mutants of the operator's page and of the figures it shows.
 * @type {import('./list.mjs').Mutant[]}
 */
export const PAGE_MUTANTS = [
  {
    name: 'a page runs no script that stands in its text',
    file: 'apps/server/src/storefront.ts',
    from: "script-src 'self';",
    to: "script-src 'self' 'unsafe-inline';",
    spec: 'apps/server/src/storefront.spec.ts',
    project: 'unit',
  },
  {
    name: 'the lag that is shown is that of the last minute',
    file: 'libs/sync/src/lag.window.ts',
    from: 'slot.number > number - SLOTS && ',
    to: '',
    spec: 'libs/sync/src/lag.window.spec.ts',
    project: 'unit',
  },
  {
    name: 'a page that gets no answer asks less often',
    file: 'apps/storefront/src/lib/poller.ts',
    from: 'this.failures = succeeded ? 0 : this.failures + 1;',
    to: 'this.failures = 0;',
    spec: 'apps/storefront/src/lib/poller.spec.ts',
    project: 'unit',
  },
];
