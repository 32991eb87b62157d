-- Brings what was ordered back into the user's cart, once, when the order came to nothing. Onto an item that is there it
-- adds up; else the item comes back as it was. All of it comes back: neither limits nor stock nor shelf matter.
--
-- KEYS[1..6], ARGV[1..5]: includes/cart.lua; KEYS[7] record of this return, its lines joined by semicolons
-- ARGV[6] order id  [7] seconds to keep the record
-- then per ordered item: sku, quantity, item
--
-- Answer: "OK" with "- returned <version>" or "- none", then a line per item: "sku quantity" that came back
-- Event: "return", a row per item that changes. It names the order as that of take-ordered does.
--- @include "includes/cart"
local RECORD, ORDER, RECORD_SECONDS = KEYS[7], ARGV[6], ARGV[7]
-- What the table's column holds.
local MOST = 2147483647

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
for i = 8, #ARGV, 3 do
  local sku, ordered = ARGV[i], tonumber(ARGV[i + 1])
  local was = parse_item(call('HGET', CART, sku))
  local item = was and copy(was) or parse_item(ARGV[i + 2])
  local back = math.min(ordered, MOST - (was and was.quantity or 0))
  item.quantity = (was and was.quantity or 0) + back
  if back > 0 then put_item(sku, item, was) end
  lines[#lines + 1] = string.format('%s %.0f', sku, back)
end
if version then lines[1] = '- returned ' .. version end
if #rows > 0 and #rows < 400 then append(rows, 'i', ORDER) end
call('SET', RECORD, table.concat(lines, ';'), 'EX', RECORD_SECONDS)
return finish('return', lines, 'order')
