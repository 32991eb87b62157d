-- Takes what was ordered out of the user's cart, once: of each item as much as is there, and only while it is the one
-- that was ordered. One that was removed and added again since has another position, and is left alone. It is no removal
-- of the shopper's, so it cannot be undone.
--
-- KEYS[1..6], ARGV[1..5]: includes/cart.lua; KEYS[7] record of this order, its lines joined by semicolons
-- ARGV[6] order id  [7] seconds to keep the record
-- then per ordered item: sku, quantity, position
--
-- Answer: "OK" with "- taken <version>", or "- none" when there was nothing to take, also when it was taken before
-- Event: "order", a row per item that changes. It names the order when all rows are in one entry: whoever has written
--        the entry knows then that all of the order has left the cart.
--- @include "includes/cart"
local RECORD, ORDER, RECORD_SECONDS = KEYS[7], ARGV[6], ARGV[7]

parse_meta(call('HGET', CART, '_'))
local refusal = refuse_open()
if refusal then return refusal end
local recorded = call('GET', RECORD)
if recorded then return finish('order', { recorded }, 'order') end

for i = 8, #ARGV, 3 do
  local sku, ordered, position = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2]
  local was = parse_item(call('HGET', CART, sku))
  if was and was.position == position then
    if was.quantity <= ordered then
      drop_item(sku, was)
    else
      local item = copy(was)
      item.quantity = was.quantity - ordered
      put_item(sku, item, was)
    end
  end
end
if #rows > 0 and #rows < 400 then append(rows, 'i', ORDER) end
local line = version and '- taken ' .. version or '- none'
call('SET', RECORD, line, 'EX', RECORD_SECONDS)
return finish('order', { line }, 'order')
