-- Adds a quantity of one SKU; on an item that is there already the quantities add up, and its flag, price, time and
-- place stay.
--
-- KEYS, ARGV[1..4]: includes/cart.lua
-- ARGV[5] sku  [6] quantity  [7] selected "0|1" of a new item
-- ARGV[8] state on|off|gone  [9] maximum quantity  [10] stock  [11] maximum SKUs of a cart
-- ARGV[12] price, cents  [13] snapshot, JSON
--
-- Output: { "OK", fields } or { code, numbers… }
-- Event: "add", one row
--- @include "includes/cart"
--- @include "includes/inventory"
local SKU, QUANTITY = ARGV[5], tonumber(ARGV[6])

local found = call('HMGET', CART, '_', SKU)
parse_meta(found[1])
local refusal = refuse_open()
if refusal then return refusal end

local was = parse_item(found[2])
local sum = (was and was.quantity or 0) + QUANTITY
refusal = refuse_quantity(sum, ARGV[8], tonumber(ARGV[9]), tonumber(ARGV[10]))
if refusal then return refusal end
if not was and meta.skus >= tonumber(ARGV[11]) then return { 'CART_FULL', ARGV[11] } end

stamp()
local item = parse_item(found[2]) or {
  selected = ARGV[7], price = ARGV[12], added = now_ms, position = version .. '000', snapshot = ARGV[13],
}
item.quantity = sum
put_item(SKU, item, was)
return finish('add')
