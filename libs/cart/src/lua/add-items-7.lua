-- Adds quantities of SKUs; on an item that is there already the quantities add up, and its flag, price, time and place
-- stay.
--
-- KEYS[1..6], ARGV[1..5]: includes/cart.lua
-- KEYS[7] add lock of the cart; any other key when ARGV[9] is ""
-- ARGV[6] mode "atomic" = all or none | "partial" = those that may be added
-- ARGV[7] maximum SKUs of a cart  [8] selected flag of new items "0" | "1" | "inherit" = as last chosen
-- ARGV[9] token under which the lock is taken here, unless it is held under it already; "" = none is to be taken
-- ARGV[10] milliseconds after which the lock is free again, whatever becomes of its holder, who gives it back
-- then per SKU, each SKU once:
--   sku, quantity, selected "0" | "1" | "" = by default, state on|off|gone, maximum quantity, stock, price in cents,
--   snapshot JSON
--
-- Answer: "LOCKED" when somebody else holds the lock, "OK" with a line per refused SKU (partial), "REFUSED" with a line
-- per refused SKU (atomic)
-- Event: "add", a row per SKU added
--- @include "includes/cart"
--- @include "includes/inventory"
local MODE, MAX_SKUS, SELECT_NEW = ARGV[6], tonumber(ARGV[7]), ARGV[8]
local LOCK, TOKEN, LEASE = KEYS[7], ARGV[9], ARGV[10]
local FIRST, PER_SKU = 11, 8

if TOKEN ~= '' and not call('SET', LOCK, TOKEN, 'NX', 'PX', LEASE) and call('GET', LOCK) ~= TOKEN then
  return { 'LOCKED' }
end

local wanted = { '_' }
for i = FIRST, #ARGV, PER_SKU do wanted[#wanted + 1] = ARGV[i] end
local found = call('HMGET', CART, unpack(wanted))
parse_meta(found[1])
local refusal = refuse_open()
if refusal then return refusal end

local refused, accepted = {}, {}
local skus = meta.skus
for n = 2, #wanted do
  local at = FIRST + (n - 2) * PER_SKU
  local was = parse_item(found[n])
  local sum = (was and was.quantity or 0) + tonumber(ARGV[at + 1])
  local line = refuse_quantity(wanted[n], sum, ARGV[at + 3], tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5]))
  if not line and not was and skus >= MAX_SKUS then line = wanted[n] .. ' CART_FULL ' .. ARGV[7] end
  if line then
    refused[#refused + 1] = line
  else
    if not was then skus = skus + 1 end
    accepted[#accepted + 1] = { n = n, at = at, was = was, sum = sum }
  end
end
if MODE == 'atomic' and #refused > 0 then return refuse(refused) end

for index, add in ipairs(accepted) do
  stamp()
  local item = add.was and copy(add.was)
  if not item then
    local selected = ARGV[add.at + 2]
    if selected ~= '' then
      meta.last_choice = selected
    else
      selected = SELECT_NEW == 'inherit' and meta.last_choice or SELECT_NEW
    end
    item = {
      selected = selected, origin = ARGV[add.at + 6] .. ' ' .. now_ms,
      position = version .. string.sub('00' .. index - 1, -3), snapshot = ARGV[add.at + 7],
    }
  end
  item.quantity = add.sum
  put_item(wanted[add.n], item, add.was)
end
return finish('add', refused)
