-- Second step of a merge: brings a guest's items into the user's cart, once. Limits cut and say so; stock does not
-- matter. A shared SKU keeps the user's flag, price, time and place.
--
-- KEYS[1..6], ARGV[1..5]: includes/cart.lua; KEYS[7] record of this merge, its lines joined by semicolons
-- ARGV[6] strategy sum|overwrite|skip|max  [7] select keep|unselected: the flags of what the user had before
-- ARGV[8] maximum SKUs of a cart  [9] seconds to keep the record
-- then per item of the guest, newest first: sku, maximum quantity, item
--
-- Answer: "OK" with "- applied" or "- replayed", and a line per item of the guest: "sku outcome quantity requested"
-- Event: "merge", a row per item that changes
--- @include "includes/cart"
local RECORD, STRATEGY, SELECT, MAX_SKUS = KEYS[7], ARGV[6], ARGV[7], tonumber(ARGV[8])

local recorded = call('GET', RECORD)
-- A repeat changes nothing, whatever version the client would accept.
if recorded then MATCH = '' end
parse_meta(call('HGET', CART, '_'))
local refusal = refuse_open()
if refusal then return refusal end
if recorded then
  local lines = { '- replayed' }
  for line in string.gmatch(recorded, '[^;]+') do lines[#lines + 1] = line end
  return finish('merge', lines)
end

local function combine(held, guest, maximum)
  local wanted = held
  if STRATEGY == 'sum' then wanted = held + guest end
  if STRATEGY == 'overwrite' then wanted = guest end
  if STRATEGY == 'max' then wanted = math.max(held, guest) end
  local quantity = math.min(wanted, maximum)
  -- Only the user's own wish to overwrite may lower what the user had.
  if STRATEGY ~= 'overwrite' then quantity = math.max(quantity, held) end
  local outcome = 'kept'
  if STRATEGY == 'sum' then outcome = 'summed' end
  if STRATEGY == 'overwrite' or (STRATEGY == 'max' and guest > held) then outcome = 'overwritten' end
  if quantity < wanted then outcome = 'clipped' end
  return quantity, outcome, wanted
end

local lines, changed, order = { '- applied' }, {}, {}
local function change(sku, item, was)
  order[#order + 1] = sku
  changed[sku] = { item, was }
end

local held = {}
if #ARGV > 9 then held = all_items() end
local skus = meta.skus
for i = 10, #ARGV, 3 do
  local sku, maximum, guest = ARGV[i], tonumber(ARGV[i + 1]), parse_item(ARGV[i + 2])
  local quantity, outcome, wanted
  if held[sku] then
    local was = parse_item(held[sku])
    local item = copy(was)
    quantity, outcome, wanted = combine(was.quantity, guest.quantity, maximum)
    item.quantity = quantity
    change(sku, item, was)
  elseif skus >= MAX_SKUS then
    quantity, outcome, wanted = 0, 'rejected', guest.quantity
  else
    wanted = guest.quantity
    quantity = math.min(wanted, maximum)
    outcome = quantity < wanted and 'clipped' or 'added'
    guest.quantity = quantity
    skus = skus + 1
    change(sku, guest, nil)
  end
  lines[#lines + 1] = string.format('%s %s %.0f %.0f', sku, outcome, quantity, wanted)
end
if SELECT == 'unselected' then
  for sku, raw in pairs(held) do
    if not changed[sku] then change(sku, parse_item(raw), parse_item(raw)) end
    changed[sku][1].selected = '0'
  end
end

table.sort(order)
for _, sku in ipairs(order) do
  local item, was = changed[sku][1], changed[sku][2]
  if not was or item.quantity ~= was.quantity or item.selected ~= was.selected then put_item(sku, item, was) end
end
if #lines > 1 then call('SET', RECORD, table.concat(lines, ';', 2), 'EX', ARGV[9]) end
return finish('merge', lines, 'merge')
