-- Sets or shifts the quantity of an item, and its selected flag. Lowering and unselecting are never refused.
--
-- KEYS, ARGV[1..5]: includes/cart.lua
-- ARGV[6] sku  [7] "set" | "delta" | "keep"  [8] quantity or signed delta  [9] selected "0" | "1" | "" = keep
-- ARGV[10] state on|off|gone  [11] maximum quantity  [12] stock
--
-- Answer: "OK" or "REFUSED" with one line
-- Event: "set" | "delta" | "select", one row; none when nothing changes
--- @include "includes/cart"
--- @include "includes/inventory"
local SKU, MODE, AMOUNT, SELECTED = ARGV[6], ARGV[7], tonumber(ARGV[8]), ARGV[9]
local STATE, STOCK = ARGV[10], tonumber(ARGV[12])

local found = call('HMGET', CART, '_', SKU)
parse_meta(found[1])
local refusal = refuse_open()
if refusal then return refusal end

local was = parse_item(found[2])
if not was then return refuse({ SKU .. ' ITEM_NOT_FOUND' }) end

local quantity = was.quantity
if MODE == 'set' then quantity = AMOUNT end
if MODE == 'delta' then quantity = quantity + AMOUNT end
if quantity > was.quantity then
  local line = refuse_quantity(SKU, quantity, STATE, tonumber(ARGV[11]), STOCK)
  if line then return refuse({ line }) end
end

if SELECTED ~= '' then meta.last_choice = SELECTED end
if quantity <= 0 then
  remove_item(SKU, found[2])
  return finish(MODE)
end

local item = copy(was)
item.quantity = quantity
-- An invalid item cannot be selected; its stored flag comes back with the product unless it is cleared.
local is_valid = STATE == 'on' and STOCK > 0
if SELECTED == '0' or (SELECTED == '1' and is_valid) then item.selected = SELECTED end
if item.quantity ~= was.quantity or item.selected ~= was.selected then put_item(SKU, item, was) end
return finish(MODE == 'keep' and 'select' or MODE)
