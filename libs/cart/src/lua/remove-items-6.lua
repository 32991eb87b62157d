-- Removes items; those that are not there are passed over.
--
-- KEYS, ARGV[1..5]: includes/cart.lua
-- ARGV[6] "remove" | "clear" | "clear-invalid"
-- ARGV[7..] "remove": the SKUs that go. "clear": none, everything goes. "clear-invalid": what the caller has judged, each
--           "sku" of what stays, or "sku position" of what goes while it is that very item and not one added again since
--
-- Answer: "OK"; { "CHANGED" } when "clear-invalid" finds an item that was not judged
-- Event: the action, one row per item; none when nothing was there
--- @include "includes/cart"
local ACTION = ARGV[6]

parse_meta(call('HGET', CART, '_'))
local refusal = refuse_open()
if refusal then return refusal end

-- Read all of them before the first is removed: an item nobody can read must not leave half a change behind.
local found, skus = {}, {}
if ACTION == 'remove' then
  for i = 7, #ARGV do found[ARGV[i]] = call('HGET', CART, ARGV[i]) or nil end
else
  found = all_items()
end
local judged = {}
for i = 7, #ARGV do
  local sku, position = string.match(ARGV[i], '^(%d+) ?(%d*)$')
  judged[sku] = position
end
for sku, raw in pairs(found) do
  local item = parse_item(raw)
  if ACTION == 'clear-invalid' and not judged[sku] then return { 'CHANGED' } end
  if ACTION ~= 'clear-invalid' or item.position == judged[sku] then skus[#skus + 1] = sku end
end
table.sort(skus)
for _, sku in ipairs(skus) do remove_item(sku, found[sku]) end
return finish(ACTION)
