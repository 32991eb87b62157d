/**
 * What makes the replay with checkout a judge.
 *
 * @type {import('./list.mjs').Mutant[]}
 */
export const REPLAY_MUTANTS = [
  {
    name: 'an invoice waits while another needs one of its SKUs at another price',
    file: 'tools/replay/checkout/turns.mjs',
    from: 'return !held || (held.cents === cents && cents !== ALONE);',
    to: 'return !held || cents !== ALONE;',
    project: 'unit',
    spec: 'tools/replay/checkout/turns.spec.mjs',
    only: 'at one price, and by nobody at another',
  },
  {
    name: 'an order that no invoice stands for is a difference',
    file: 'tools/replay/checkout/proof.mjs',
    from: 'for (const { orderId, userId } of found.values())',
    to: 'for (const { orderId, userId } of [])',
    project: 'unit',
    spec: 'tools/replay/checkout/proof.spec.mjs',
    only: 'made twice',
  },
  {
    name: 'a replay names limits that others have changed',
    file: 'tools/replay/watch.mjs',
    from: "if (now !== this.#limits) this.#note('limits'",
    to: "if (!now) this.#note('limits'",
    project: 'unit',
    spec: 'tools/replay/watch.spec.mjs',
    only: 'names limits that others have changed',
  },
];
