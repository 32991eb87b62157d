-- The broker has these entries: they leave the group's pending list and the stream together. Two commands in two steps
-- would leave entries that are neither pending nor new.
--
-- KEYS[1] outbox
-- ARGV[1] group  [2..] entry ids
-- Output: number of entries deleted
local ids = {}
for i = 2, #ARGV do ids[#ids + 1] = ARGV[i] end
redis.call('XACK', KEYS[1], ARGV[1], unpack(ids))
return redis.call('XDEL', KEYS[1], unpack(ids))
