-- MySQL holds these removals: their tombstones go, unless the item was removed again since.
--
-- A cold load under way may have read MySQL before the removal came there; without the tombstone it would bring the item
-- back. So it loses its token, and reads again.
--
-- KEYS[1] removed  [2] load token
-- ARGV    SKU, version, SKU, version, …
-- Output: number of tombstones taken away
local gone = 0
for i = 1, #ARGV, 2 do
  local raw = redis.call('HGET', KEYS[1], ARGV[i])
  -- A tombstone nobody can read says nothing, so that it goes too.
  local version = tonumber(string.match(raw or '', '^%d+ [01] %d+ %d+ %d+ %d+ (%d+) ') or '0')
  if raw and version <= tonumber(ARGV[i + 1]) then
    gone = gone + redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
if gone > 0 then redis.call('DEL', KEYS[2]) end
return gone
