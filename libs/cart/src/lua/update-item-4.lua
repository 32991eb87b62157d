-- Sets or shifts the quantity of an item, and its selected flag. Lowering and unselecting are never refused.
--
-- KEYS, ARGV[1..4]: includes/cart.lua
-- ARGV[5] sku  [6] "set" | "delta" | "keep"  [7] quantity or signed delta  [8] selected "0" | "1" | "" = keep
-- ARGV[9] state on|off|gone  [10] maximum quantity  [11] stock
--
-- Output: { "OK", fields } or { code, numbers… }
-- Event: "set" | "delta" | "select", one row; none when nothing changes
--- @include "includes/cart"
--- @include "includes/inventory"
local SKU, MODE, AMOUNT, SELECTED = ARGV[5], ARGV[6], tonumber(ARGV[7]), ARGV[8]
local STATE, STOCK = ARGV[9], tonumber(ARGV[11])

local found = call('HMGET', CART, '_', SKU)
parse_meta(found[1])
local refusal = refuse_open()
if refusal then return refusal end

local was = parse_item(found[2])
if not was then return { 'ITEM_NOT_FOUND' } end

local quantity = was.quantity
if MODE == 'set' then quantity = AMOUNT end
if MODE == 'delta' then quantity = quantity + AMOUNT end
if quantity > was.quantity then
  refusal = refuse_quantity(quantity, STATE, tonumber(ARGV[10]), STOCK)
  if refusal then return refusal end
end

local item = parse_item(found[2])
if quantity <= 0 then
  remove_item(SKU, item)
  return finish(MODE)
end

item.quantity = quantity
-- An invalid item cannot be selected; its stored flag comes back with the product unless it is cleared.
local is_valid = STATE == 'on' and STOCK > 0
if SELECTED == '0' or (SELECTED == '1' and is_valid) then item.selected = SELECTED end
if item.quantity ~= was.quantity or item.selected ~= was.selected then put_item(SKU, item, was) end
return finish(MODE == 'keep' and 'select' or MODE)
