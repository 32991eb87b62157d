-- The number of Redis's present life. Another server process (a restart, a failover) or an empty Redis may have lost
-- acknowledged changes: that begins a new epoch.
--
-- KEYS[1] epoch: hash with the run id of the server and the number
-- ARGV[1] run id of the server, from INFO
-- Output: { number, 1 when this call began it }
local found = redis.call('HMGET', KEYS[1], 'run', 'number')
if found[1] == ARGV[1] then return { found[2], 0 } end
local time = redis.call('TIME')
-- By the clock, so that it also grows when the number is lost; by the number, so that it grows when the clock steps back.
local number = math.max(time[1] * 1000 + math.floor(time[2] / 1000), (tonumber(found[2]) or 0) + 1)
local text = string.format('%.0f', number)
redis.call('HSET', KEYS[1], 'run', ARGV[1], 'number', text)
return { text, 1 }
