-- The whole cart and its tombstones at one instant, for the comparison with MySQL.
--
-- KEYS[1] cart  [2] removed
-- Output: { fields, removed fields }
return { redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2]) }
