/**
 * Mutants of the events about shoppers, and of their way to the broker.
 * @type {import('./list.mjs').Mutant[]}
 */
export const EVENT_MUTANTS = [
  {
    name: 'a shopper is told a price once',
    file: 'libs/database/src/migrations/1764300000000-shopper-events.ts',
    from: '  UNIQUE KEY uk_occasion (sku_id, type, user_id, occasion),\n',
    to: '',
    spec: 'test/integration/shopper-events.int-spec.ts',
    only: 'is told once at each price',
  },
  {
    name: 'holders are told anew of a change that came meanwhile',
    file: 'libs/sync/src/shopper-events/sku-signal.table.ts',
    from: 'sku_version = ? AND after_id = ?',
    to: '(sku_version = ? OR 1) AND (after_id = ? OR 1)',
    spec: 'test/integration/shopper-events.int-spec.ts',
    only: 'is not moved past',
  },
  {
    name: 'an event counts as sent after the receipt',
    file: 'libs/sync/src/shopper-events/shopper-event.publisher.ts',
    from: '      await topic.publish(',
    to: '      void topic.publish(',
    spec: 'test/integration/shopper-events.int-spec.ts',
    only: 'what the broker did not take stays',
  },
  {
    name: 'a cart that Redis knows to be active is not abandoned',
    file: 'libs/sync/src/shopper-events/abandoned-carts.ts',
    from: 'idle.filter((_, i) => Number(scores[i] ?? 0) <= moment)',
    to: 'idle.filter(() => scores !== undefined)',
    spec: 'test/integration/shopper-events.int-spec.ts',
    only: 'is none that is empty',
  },
  {
    name: 'a telemetry stream that failed asks for one more, not for two',
    file: 'libs/rocketmq/src/rocketmq.channel.ts',
    from: 'removeAll(...events);',
    to: 'removeAll(events[0]);',
    spec: 'libs/rocketmq/src/rocketmq.channel.spec.ts',
    project: 'unit',
    only: 'one telemetry stream after another',
  },
  {
    name: 'a broker has one telemetry stream of a client',
    file: 'libs/rocketmq/src/rocketmq.channel.ts',
    from: '    this.#giveUp(this.#telemetry.get(target));\n',
    to: '',
    spec: 'libs/rocketmq/src/rocketmq.channel.spec.ts',
    project: 'unit',
    only: 'ends the telemetry stream before',
  },
  {
    name: 'a topic that was deleted has its producer replaced',
    file: 'libs/rocketmq/src/rocketmq.client.ts',
    from: 'isTopicFault(error) || ',
    to: '',
    spec: 'libs/rocketmq/src/rocketmq.client.spec.ts',
    project: 'unit',
    only: 'asks for the route anew',
  },
  {
    name: 'a producer does not start without its topic',
    file: 'libs/rocketmq/src/rocketmq.producer.ts',
    from: 'if (!isTaken && ',
    to: 'if (false && !isTaken && ',
    spec: 'libs/rocketmq/src/rocketmq.client.spec.ts',
    project: 'unit',
    only: 'waits for a topic',
  },
];
