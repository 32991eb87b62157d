-- Offers rows that MySQL has to a loaded cart, after Redis may have lost changes: the higher version wins, an item that
-- was removed later stays removed. Nothing is sent to the outbox, for MySQL has it. A cart that is not loaded needs
-- nothing: its load will read MySQL.
--
-- KEYS[1] cart  [2] removed
-- ARGV    SKU, "0|1" deleted, item, …
-- Output: number of rows taken over
local call = redis.call
local CART, REMOVED = KEYS[1], KEYS[2]
local VERSION_OF = '^%d+ [01] %d+ %d+ %d+ %d+ (%d+) '

local function version_of(raw)
  return raw and tonumber(string.match(raw, VERSION_OF)) or 0
end

local meta = call('HGET', CART, '_')
if not meta then return 0 end
local last, last_choice = string.match(meta, '^(%d+) 1 .*([01])$')
if not last then return 0 end
call('HLEN', REMOVED)

local taken, highest = 0, tonumber(last)
for i = 1, #ARGV, 3 do
  local sku, deleted, row = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local known = math.max(version_of(call('HGET', CART, sku)), version_of(call('HGET', REMOVED, sku)))
  if version_of(row) > known then
    if deleted == '1' then call('HDEL', CART, sku) else call('HSET', CART, sku, row) end
    call('HDEL', REMOVED, sku)
    highest = math.max(highest, version_of(row))
    taken = taken + 1
  end
end
if taken == 0 then return 0 end

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
local time = call('TIME')
local version = math.max(highest + 1, time[1] * 1000000 + time[2])
call('HSET', CART, '_', string.format('%.0f 1 %d %d %d %d %s', version, skus, quantity, selected_skus, selected_quantity,
  last_choice))
call('PERSIST', CART)
return taken
