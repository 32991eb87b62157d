-- Counts a request in a window that begins with the first one.
--
-- KEYS[1] the counter
-- ARGV    limit, length of the window in ms
-- Output  how many more the window takes (0 or more), or, when it was full, minus the ms until it ends
local used = redis.call('INCR', KEYS[1])
if used == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
local left = tonumber(ARGV[1]) - used
if left >= 0 then return left end
return -math.max(1, redis.call('PTTL', KEYS[1]))
