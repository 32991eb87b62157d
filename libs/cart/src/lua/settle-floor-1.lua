-- The floor of the present epoch: what the versions of its changes begin above. The first offer stands.
--
-- KEYS[1] epoch: hash, see open-epoch; "floor" -> "<run id> <version>"
-- ARGV[1] run id of the server, from INFO: the floor of another one says nothing about this one's clock
-- ARGV[2] the floor that is offered; "" = none
-- Output: the floor, or "" before one is set
local run, floor = string.match(redis.call('HGET', KEYS[1], 'floor') or '', '^(%w+) (%d+)$')
if run == ARGV[1] then return floor end
if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'floor', ARGV[1] .. ' ' .. ARGV[2]) end
return ARGV[2]
