-- Removes items; those that are not there are passed over.
--
-- KEYS, ARGV[1..4]: includes/cart.lua
-- ARGV[5] "remove" | "clear"  [6..] SKUs to remove; all of them for "clear"
--
-- Output: { "OK", fields } or { code }
-- Event: "remove" | "clear", one row per item; none when nothing was there
--- @include "includes/cart"
local ACTION = ARGV[5]

parse_meta(call('HGET', CART, '_'))
local refusal = refuse_open()
if refusal then return refusal end

-- Read all of them before the first is removed: an item nobody can read must not leave half a change behind.
local skus, items = {}, {}
local function take(sku, raw)
  if sku == '_' or not raw or items[sku] then return end
  skus[#skus + 1], items[sku] = sku, parse_item(raw)
end
if ACTION == 'clear' then
  local fields = call('HGETALL', CART)
  for i = 1, #fields, 2 do take(fields[i], fields[i + 1]) end
else
  for i = 6, #ARGV do take(ARGV[i], call('HGET', CART, ARGV[i])) end
end
for _, sku in ipairs(skus) do remove_item(sku, items[sku]) end
return finish(ACTION)
