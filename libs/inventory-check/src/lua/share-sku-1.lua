-- Shares a catalogue row with all instances, unless a newer one is shared already: two commits may arrive out of order.
--
-- KEYS[1] sku   "<version> <JSON>"; version 0 = the SKU does not exist
-- ARGV[1] version  [2] JSON  [3] seconds to live, 0 = for ever
-- Output: 1 when written, else 0
local shared = redis.call('GET', KEYS[1])
if shared and tonumber(string.match(shared, '^(%d+) ')) >= tonumber(ARGV[1]) then return 0 end
local value = ARGV[1] .. ' ' .. ARGV[2]
if ARGV[3] == '0' then redis.call('SET', KEYS[1], value) else redis.call('SET', KEYS[1], value, 'EX', ARGV[3]) end
return 1
