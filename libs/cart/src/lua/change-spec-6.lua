-- Puts another variant in the place of an item; onto one that is in the cart already the quantities add up, and the
-- result is selected when either was.
--
-- KEYS, ARGV[1..5]: includes/cart.lua
-- ARGV[6] sku  [7] new sku  [8] state on|off|gone  [9] maximum quantity  [10] stock  [11] price, cents
-- ARGV[12] snapshot, JSON  [13] "1" when both are variants of one product, else "0"
--
-- Answer: "OK" or "REFUSED" with one line
-- Event: "spec", the old item removed and the new one; none when nothing changes
--- @include "includes/cart"
--- @include "includes/inventory"
local OLD, NEW = ARGV[6], ARGV[7]

local found = call('HMGET', CART, '_', OLD, NEW)
parse_meta(found[1])
local refusal = refuse_open()
if refusal then return refusal end

local old, was = parse_item(found[2]), parse_item(found[3])
if not old then return refuse({ OLD .. ' ITEM_NOT_FOUND' }) end
if OLD == NEW then return finish('spec') end

local sum = old.quantity + (was and was.quantity or 0)
local line = ARGV[8] ~= 'gone' and ARGV[13] ~= '1' and NEW .. ' NOT_A_VARIANT'
  or refuse_quantity(NEW, sum, ARGV[8], tonumber(ARGV[9]), tonumber(ARGV[10]))
if line then return refuse({ line }) end

local item = was and copy(was) or {
  selected = old.selected, origin = ARGV[11] .. string.match(old.origin, ' %d+$'), position = old.position,
  snapshot = ARGV[12],
}
item.quantity = sum
if old.selected == '1' then item.selected = '1' end
drop_item(OLD, old)
put_item(NEW, item, was)
return finish('spec')
