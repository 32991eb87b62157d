-- Puts the rows MySQL keeps of a cold cart into Redis, once: never over a cart that is loaded by now, and only for the
-- load whose token stands (a slow loader must not bring an old picture back).
--
-- KEYS[1] cart  [2] removed  [3] load token  [4] active
-- ARGV[1] token  [2] highest version MySQL has of this user, deleted rows too  [3] seconds an empty cart is remembered
-- ARGV[4] user id
-- ARGV[5..] SKU, item, SKU, item, …
--
-- Output: "OK" | "LOADED" | "STALE_TOKEN"
local call = redis.call
local CART, REMOVED, LOAD, ACTIVE = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

-- A version as a number; nil of what is no item.
local function version_of(raw)
  return tonumber(string.match(raw, '^%d+ [01] %d+ %d+ %d+ %d+ (%d+) ') or '')
end

local meta = call('HGET', CART, '_')
if meta and string.find(meta, '^%d+ [012] %d+ %d+ %d+ %d+ [01]$') then return 'LOADED' end
if call('GET', LOAD) ~= ARGV[1] then return 'STALE_TOKEN' end

local version = tonumber(ARGV[2])
local tombstones = {}
local removed = call('HGETALL', REMOVED)
for i = 1, #removed, 2 do
  local v = version_of(removed[i + 1])
  if v then
    tombstones[removed[i]] = v
    version = math.max(version, v)
  end
end

local rows = {}
for i = 5, #ARGV, 2 do rows[#rows + 1] = { ARGV[i], ARGV[i + 1] } end
-- A cart whose own field cannot be read may still have items MySQL has not heard of; what is no item goes.
if meta then
  local known = {}
  for _, row in ipairs(rows) do known[row[1]] = row end
  local left = call('HGETALL', CART)
  for i = 1, #left, 2 do
    local sku, raw = left[i], left[i + 1]
    local v, row = version_of(raw), known[sku]
    if v and not row then rows[#rows + 1] = { sku, raw } end
    if v and row and v > version_of(row[2]) then row[2] = raw end
    if v then version = math.max(version, v) end
  end
  call('DEL', CART)
end

local skus, quantity, selected_skus, selected_quantity = 0, 0, 0, 0
-- MySQL does not know the last choice; the item that changed last comes nearest to it.
local last_choice, last_version, changed_at = '1', 0, 0
for _, row in ipairs(rows) do
  local sku, raw = row[1], row[2]
  local q, selected, changed, v = string.match(raw, '^(%d+) ([01]) %d+ %d+ (%d+) %d+ (%d+) ')
  -- A tombstone says MySQL has not heard of the removal yet.
  if not tombstones[sku] or tonumber(v) > tombstones[sku] then
    call('HSET', CART, sku, raw)
    -- An older removal than the row says nothing any more; left there, a comparison would take it for the truth.
    if tombstones[sku] then call('HDEL', REMOVED, sku) end
    skus, quantity = skus + 1, quantity + tonumber(q)
    if selected == '1' then
      selected_skus, selected_quantity = selected_skus + 1, selected_quantity + tonumber(q)
    end
    changed_at = math.max(changed_at, tonumber(changed))
    if tonumber(v) > last_version then last_choice, last_version = selected, tonumber(v) end
  end
end

call('HSET', CART, '_',
  string.format('%.0f 1 %d %d %d %d %s', version, skus, quantity, selected_skus, selected_quantity, last_choice))
call('DEL', LOAD)
-- The null cache: a user without items is remembered for a while, so that strangers cannot hammer MySQL.
if skus == 0 and call('EXISTS', REMOVED) == 0 then
  call('EXPIRE', CART, ARGV[3])
else
  call('PERSIST', CART)
  -- What stays is found again when it is idle: by its last change, which this is not.
  if changed_at == 0 then changed_at = math.floor(version / 1000) end
  call('ZADD', ACTIVE, 'NX', string.format('%.0f', changed_at), ARGV[4])
end
return 'OK'
