-- Brings back what the latest removal took, as it was. An item that was added again meanwhile is left alone; what the
-- limits do not let in is cut or left out. Stock and shelf do not matter: the item may come back invalid.
--
-- KEYS, ARGV[1..5]: includes/cart.lua
-- ARGV[6] version of the removal the caller has looked at; "" = it saw none  [7] maximum SKUs of a cart
-- ARGV[8..] per item, newest first: sku, maximum quantity
--
-- Answer: "OK" with a line per item that did not fit, "sku clipped|rejected code quantity limit"; "REFUSED" with such
--         lines, or "- NOTHING_TO_UNDO"; { "CHANGED" } when the latest removal is another one
-- Event: "undo", a row per item
--- @include "includes/cart"
local REMOVAL, MAX_SKUS = ARGV[6], tonumber(ARGV[7])

parse_meta(call('HGET', CART, '_'))
local refusal = refuse_open()
if refusal then return refusal end
if (call('HGET', UNDO, '_') or '') ~= REMOVAL then return { 'CHANGED' } end

local lines, fitting = {}, {}
local skus = meta.skus
for i = 8, #ARGV, 2 do
  local sku, maximum = ARGV[i], tonumber(ARGV[i + 1])
  -- An order may have taken it out of the removal since the caller looked.
  local item = call('HEXISTS', CART, sku) == 0 and parse_item(call('HGET', UNDO, sku))
  if item then
    local quantity = math.min(item.quantity, maximum)
    if skus >= MAX_SKUS then
      lines[#lines + 1] = sku .. ' rejected CART_FULL 0 ' .. ARGV[7]
    else
      if quantity < item.quantity then
        lines[#lines + 1] = string.format('%s clipped QUANTITY_LIMIT %.0f %.0f', sku, quantity, maximum)
      end
      item.quantity = quantity
      skus = skus + 1
      fitting[#fitting + 1] = { sku, item }
    end
  end
end
if #fitting == 0 then return refuse(#lines > 0 and lines or { '- NOTHING_TO_UNDO' }) end

for _, entry in ipairs(fitting) do put_item(entry[1], entry[2], nil) end
call('DEL', UNDO)
return finish('undo', lines)
