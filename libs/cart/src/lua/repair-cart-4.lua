-- Mends a loaded user cart after a comparison with MySQL. It does so only at the version that was compared: had the
-- cart changed since, an item that MySQL still shows might have been removed rightly in between.
--
-- KEYS[1] cart  [2] removed  [3] outbox  [4] active
-- ARGV[1] user id  [2] version that was compared  [3] highest version of the user's rows in MySQL
-- ARGV[4] number of SKUs to stamp anew, then those SKUs: MySQL differs from them at the same version, where the
--         guarded write could not mend it
-- then    SKU, "0|1" deleted, item, …: rows MySQL has in a higher version, or that Redis lost without a removal
--
-- Output: { "OK", version, SKU, item, … } with the items stamped anew, or { "CHANGED" }
-- Event:  "repair", the items stamped anew: a caller that dies before it has written them loses nothing
local call = redis.call
local CART, REMOVED, OUTBOX, ACTIVE = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local USER, COMPARED = ARGV[1], ARGV[2]
local VERSION_OF = '^%d+ [01] %d+ %d+ %d+ %d+ (%d+) '

local raw_meta = call('HGET', CART, '_')
if not raw_meta or string.match(raw_meta, '^(%d+) 1 ') ~= COMPARED then return { 'CHANGED' } end
call('XLEN', OUTBOX)
call('ZCARD', ACTIVE)
call('HLEN', REMOVED)

local time = call('TIME')
local micros = time[1] * 1000000 + time[2]
local now_ms = string.format('%.0f', math.floor(micros / 1000))
local version = string.format('%.0f', math.max(tonumber(COMPARED) + 1, tonumber(ARGV[3]) + 1, micros))

local answer, rows = { 'OK', version }, {}
local first_offer = 5 + tonumber(ARGV[4])
for i = 5, first_offer - 1 do
  local raw = call('HGET', CART, ARGV[i])
  if raw then
    local head, tail = string.match(raw, '^(%d+ [01] %d+ %d+ %d+ %d+) %d+ (.*)$')
    raw = head .. ' ' .. version .. ' ' .. tail
    call('HSET', CART, ARGV[i], raw)
    answer[#answer + 1] = ARGV[i]
    answer[#answer + 1] = raw
    rows[#rows + 1] = 'r'
    rows[#rows + 1] = ARGV[i] .. ' ' .. string.match(raw, '^%d+') .. ' 0 ' .. raw
  end
end
for first = 1, #rows, 400 do
  call('XADD', OUTBOX, '*', 'o', 'user:' .. USER, 'v', version, 't', now_ms, 'a', 'repair', 's', 'sync',
    unpack(rows, first, math.min(first + 399, #rows)))
end

for i = first_offer, #ARGV, 3 do
  local sku, deleted, row = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local held = call('HGET', CART, sku)
  if not held or tonumber(string.match(held, VERSION_OF)) < tonumber(string.match(row, VERSION_OF)) then
    if deleted == '1' then call('HDEL', CART, sku) else call('HSET', CART, sku, row) end
    call('HDEL', REMOVED, sku)
  end
end

local skus, quantity, selected_skus, selected_quantity = 0, 0, 0, 0
local fields = call('HGETALL', CART)
for i = 1, #fields, 2 do
  if fields[i] ~= '_' then
    local q, selected = string.match(fields[i + 1], '^(%d+) ([01]) ')
    skus, quantity = skus + 1, quantity + tonumber(q)
    if selected == '1' then
      selected_skus, selected_quantity = selected_skus + 1, selected_quantity + tonumber(q)
    end
  end
end
call('HSET', CART, '_', string.format('%s 1 %d %d %d %d %s', version, skus, quantity, selected_skus, selected_quantity,
  string.match(raw_meta, '([01])$')))
call('PERSIST', CART)
call('ZADD', ACTIVE, now_ms, USER)
return answer
