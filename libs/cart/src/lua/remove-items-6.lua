-- Removes items; those that are not there are passed over.
--
-- KEYS, ARGV[1..5]: includes/cart.lua
-- ARGV[6] "remove" | "clear" | "clear-invalid"
-- ARGV[7..] "clear": none, everything goes. Else what goes: "sku", or "sku position" = only while it is that very item
--           and not one that was added again since
--
-- Answer: "OK"
-- Event: the action, one row per item; none when nothing was there
--- @include "includes/cart"
local ACTION = ARGV[6]

parse_meta(call('HGET', CART, '_'))
local refusal = refuse_open()
if refusal then return refusal end

-- Read all of them before the first is removed: an item nobody can read must not leave half a change behind.
local found, positions = {}, {}
if ACTION == 'clear' then
  found = all_items()
else
  for i = 7, #ARGV do
    local sku, position = string.match(ARGV[i], '^(%d+) ?(%d*)$')
    found[sku] = call('HGET', CART, sku) or nil
    positions[sku] = position
  end
end
local skus = {}
for sku, raw in pairs(found) do
  local wanted = positions[sku] or ''
  if parse_item(raw).position == wanted or wanted == '' then skus[#skus + 1] = sku end
end
table.sort(skus)
for _, sku in ipairs(skus) do remove_item(sku, found[sku]) end
return finish(ACTION)
