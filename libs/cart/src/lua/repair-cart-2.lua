-- Mends a loaded user cart after a comparison with MySQL. It does so only at the version that was compared: had the
-- cart changed since, an item that MySQL still shows might have been removed rightly in between.
--
-- KEYS[1] cart  [2] removed
-- ARGV[1] version that was compared  [2] highest version of the user's rows in MySQL
-- ARGV[3] number of SKUs to stamp anew, then those SKUs: MySQL differs from them at the same version, where the
--         guarded write could not mend it
-- then    SKU, "0|1" deleted, item, …: rows MySQL has in a higher version, or that Redis lost without a removal
--
-- Output: { "OK", version, SKU, item, … } with the items stamped anew, or { "CHANGED" }
local call = redis.call
local CART, REMOVED = KEYS[1], KEYS[2]

local raw_meta = call('HGET', CART, '_')
if not raw_meta or string.match(raw_meta, '^(%d+) 1 ') ~= ARGV[1] then return { 'CHANGED' } end

local time = call('TIME')
local micros = time[1] * 1000000 + time[2]
local stamps = tonumber(ARGV[3])
local version = math.max(tonumber(ARGV[1]), tonumber(ARGV[2]))
if stamps > 0 then version = math.max(version + 1, micros) end
local printed = string.format('%.0f', version)

local answer = { 'OK', printed }
for i = 4, 3 + stamps do
  local raw = call('HGET', CART, ARGV[i])
  if raw then
    local head, tail = string.match(raw, '^(%d+ [01] %d+ %d+ %d+ %d+) %d+ (.*)$')
    raw = head .. ' ' .. printed .. ' ' .. tail
    call('HSET', CART, ARGV[i], raw)
    answer[#answer + 1] = ARGV[i]
    answer[#answer + 1] = raw
  end
end

for i = 4 + stamps, #ARGV, 3 do
  if ARGV[i + 1] == '1' then call('HDEL', CART, ARGV[i]) else call('HSET', CART, ARGV[i], ARGV[i + 2]) end
  call('HDEL', REMOVED, ARGV[i])
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
call('HSET', CART, '_', string.format('%s 1 %d %d %d %d', printed, skus, quantity, selected_skus, selected_quantity))
call('PERSIST', CART)
return answer
