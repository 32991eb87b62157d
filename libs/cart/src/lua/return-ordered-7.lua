-- Brings what was ordered back into the user's cart, once, when the order came to nothing. Onto an item that is there it
-- adds up; else the item comes back as it was. The limits cut, and say so; stock and shelf do not matter.
--
-- KEYS[1..6], ARGV[1..5]: includes/cart.lua; KEYS[7] record of this return, its lines joined by semicolons
-- ARGV[6] order id  [7] seconds to keep the record  [8] maximum SKUs of a cart
-- then per ordered item, newest first: sku, quantity, maximum quantity, item
--
-- Answer: "OK" with "- returned <version>" or "- none", then a line per item: "sku quantity" that came back
-- Event: "return", a row per item that changes. It names the order as that of take-ordered does.
--- @include "includes/cart"
local RECORD, ORDER, RECORD_SECONDS, MAX_SKUS = KEYS[7], ARGV[6], ARGV[7], tonumber(ARGV[8])

parse_meta(call('HGET', CART, '_'))
local refusal = refuse_open()
if refusal then return refusal end
local recorded = call('GET', RECORD)
if recorded then
  local lines = {}
  for line in string.gmatch(recorded, '[^;]+') do lines[#lines + 1] = line end
  return finish('return', lines, 'order')
end

local lines = { '- none' }
for i = 9, #ARGV, 4 do
  local sku, ordered, maximum = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local was = parse_item(call('HGET', CART, sku))
  local back = 0
  if was then
    back = math.max(0, math.min(ordered, maximum - was.quantity))
    if back > 0 then
      local item = copy(was)
      item.quantity = was.quantity + back
      put_item(sku, item, was)
    end
  elseif meta.skus < MAX_SKUS and maximum > 0 then
    back = math.min(ordered, maximum)
    local item = parse_item(ARGV[i + 3])
    item.quantity = back
    put_item(sku, item, nil)
  end
  lines[#lines + 1] = string.format('%s %.0f', sku, back)
end
if version then lines[1] = '- returned ' .. version end
if #rows > 0 and #rows < 400 then append(rows, 'i', ORDER) end
call('SET', RECORD, table.concat(lines, ';'), 'EX', RECORD_SECONDS)
return finish('return', lines, 'order')
