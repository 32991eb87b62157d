-- MySQL holds these removals: their tombstones go, unless the item was removed again since.
--
-- KEYS[1] removed
-- ARGV    SKU, version, SKU, version, …
-- Output: number of tombstones taken away
local gone = 0
for i = 1, #ARGV, 2 do
  local raw = redis.call('HGET', KEYS[1], ARGV[i])
  if raw and tonumber(string.match(raw, '^%d+ [01] %d+ %d+ %d+ %d+ (%d+) ')) <= tonumber(ARGV[i + 1]) then
    gone = gone + redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
return gone
