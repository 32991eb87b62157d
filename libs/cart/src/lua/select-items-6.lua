-- Selects or unselects items. An invalid item is not selected, which is the caller's to know; unselecting one clears
-- its stored flag.
--
-- KEYS, ARGV[1..5]: includes/cart.lua
-- ARGV[6] scope "items" | "shop" | "all"  [7] selected "0" | "1"
-- ARGV[8..] scope "items": the SKUs to change. Else per item the caller has judged, SKU and "1", or "0" for one to leave
--           alone: the caller knows whose the products are now. To unselect all of them nothing is judged
--
-- Answer: "OK"; { "CHANGED" } when there is an item to change that was not judged
-- Event: "select", one row per item that changes
--- @include "includes/cart"
local SCOPE, SELECTED = ARGV[6], ARGV[7]

parse_meta(call('HGET', CART, '_'))
local refusal = refuse_open()
if refusal then return refusal end

local found = {}
if SCOPE == 'items' then
  for i = 8, #ARGV do found[ARGV[i]] = call('HGET', CART, ARGV[i]) or nil end
else
  found = all_items()
end
local judged = {}
if SCOPE ~= 'items' then
  for i = 8, #ARGV, 2 do judged[ARGV[i]] = ARGV[i + 1] end
end

local is_judged = SCOPE == 'shop' or (SCOPE == 'all' and SELECTED == '1')
local skus, parsed = {}, {}
for sku, raw in pairs(found) do
  local item = parse_item(raw)
  if item.selected ~= SELECTED then
    local verdict = not is_judged and '1' or judged[sku]
    if not verdict then return { 'CHANGED' } end
    if verdict == '1' then skus[#skus + 1], parsed[sku] = sku, item end
  end
end
table.sort(skus)
meta.last_choice = SELECTED
for _, sku in ipairs(skus) do
  local was = parsed[sku]
  local item = copy(was)
  item.selected = SELECTED
  put_item(sku, item, was)
end
return finish('select')
