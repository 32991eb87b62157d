/**
 * Test files that run at the same time share no Redis, database or topic: each worker of Vitest takes the servers of its
 * number from `TEST_SHARDS`, a JSON list of settings. Without the list all use the servers of the environment.
 */
const shards = JSON.parse(process.env['TEST_SHARDS'] || '[]') as Record<string, string>[];
const worker = Number(process.env['VITEST_POOL_ID'] ?? 1);
if (shards.length > 0) {
  const shard = shards[worker - 1];
  if (!shard) throw new Error(`Vitest runs worker ${worker}, and there are ${shards.length} shards`);
  Object.assign(process.env, shard);
}
