-- Takes an idle user cart out of Redis, of which MySQL has all: only at the version that was compared, and not while a
-- removal is unconfirmed or can be undone, or the cart is marked for a comparison.
--
-- A load that began before must not bring its picture back, which may be older than the rows: it loses its token.
--
-- KEYS[1] cart  [2] removed  [3] undo  [4] load token  [5] active  [6] dirty
-- ARGV[1] user id  [2] version that was compared
-- Output: "EVICTED" | "CHANGED" | "NEEDED" | "GONE": it was not there, and the index knows now
local call = redis.call
local raw_meta = call('HGET', KEYS[1], '_')
if not raw_meta then
  call('ZREM', KEYS[5], ARGV[1])
  return 'GONE'
end
if string.match(raw_meta, '^(%d+) 1 ') ~= ARGV[2] then return 'CHANGED' end
if call('EXISTS', KEYS[2], KEYS[3]) > 0 or call('ZSCORE', KEYS[6], ARGV[1]) then return 'NEEDED' end
call('DEL', KEYS[1], KEYS[4])
call('ZREM', KEYS[5], ARGV[1])
return 'EVICTED'
