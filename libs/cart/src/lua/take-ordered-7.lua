-- Takes what was ordered out of the user's cart, once: of each item as much as is there, and only while it is the one
-- that was ordered. One that was removed and added again since has another position, and is left alone. It is no removal
-- of the shopper's, so it cannot be undone; and what the cart no longer has, because the shopper has removed it since, is
-- taken out of that removal, so that no undo brings back what was sold.
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

-- What stays of the latest removal: by SKU, in the form of an item; "" = nothing.
local removed = {}
local function take_removed(sku, owed, position)
  local raw = call('HGET', UNDO, sku)
  local was = try_item(raw)
  if not was or was.position ~= position then return end
  local left = was.quantity - owed
  append(removed, sku, left > 0 and string.gsub(raw, '^%d+', string.format('%.0f', left), 1) or '')
end

for i = 8, #ARGV, 3 do
  local sku, ordered, position = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2]
  local was = parse_item(call('HGET', CART, sku))
  local is_that = was and was.position == position
  local owed = is_that and ordered - was.quantity or ordered
  if owed > 0 then take_removed(sku, owed, position) end
  if is_that then
    if was.quantity <= ordered then
      drop_item(sku, was)
    else
      local item = copy(was)
      item.quantity = was.quantity - ordered
      put_item(sku, item, was)
    end
  end
end
for i = 1, #removed, 2 do
  if removed[i + 1] == '' then
    call('HDEL', UNDO, removed[i])
  else
    call('HSET', UNDO, removed[i], removed[i + 1])
  end
end
if #rows > 0 and #rows < 400 then append(rows, 'i', ORDER) end
local line = version and '- taken ' .. version or '- none'
call('SET', RECORD, line, 'EX', RECORD_SECONDS)
return finish('order', { line }, 'order')
