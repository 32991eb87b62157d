-- Makes a loaded user cart what MySQL's rows say, as an operator wished. Only at the version that was compared.
--
-- KEYS, ARGV[1..5]: includes/cart.lua; ARGV[3] is the version that was compared
-- ARGV[6] highest version of the user's rows in MySQL, deleted ones too
-- ARGV[7..] SKU, what, row; "" = no row:
--   "take"    the row as it is: MySQL has it in a higher version, or Redis has lost the item. No event
--   "stamp"   the row, in a version above both sides: it also outranks what is still on its way to MySQL
--   "drop"    the item goes, and MySQL hears of it in such a version
--   "forget"  the item goes: MySQL knows of its removal, which is newer. No event
--
-- Answer: "OK"; NEED_LOAD, VERSION_MISMATCH as ever
-- Event: "rebuild" of the source "admin", a row per item stamped or dropped
--- @include "includes/cart"

parse_meta(call('HGET', CART, '_'))
local refusal = refuse_open()
if refusal then return refusal end

-- Everything is read, and so checked, before anything is written. What was lost without a trace is counted no more.
local held, steps = {}, {}
meta.skus, meta.quantity, meta.selected_skus, meta.selected_quantity = 0, 0, 0, 0
for sku, raw in pairs(all_items()) do
  held[sku] = parse_item(raw)
  count(held[sku], 1)
end
for i = 7, #ARGV, 3 do
  local sku, what, raw = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  steps[#steps + 1] = { sku, what, raw, raw ~= '' and parse_item(raw) or nil }
end

raise_version(ARGV[6])
for _, step in ipairs(steps) do
  local sku, what, raw, row = unpack(step, 1, 4)
  local was = held[sku]
  stamp()
  if what == 'stamp' then
    put_item(sku, row, was)
  elseif what == 'take' then
    if was then count(was, -1) end
    count(row, 1)
    append(items, sku, raw)
    revived[#revived + 1] = sku
  elseif was and what == 'drop' then
    drop_item(sku, was)
  elseif was then
    count(was, -1)
    gone[#gone + 1] = sku
  end
end
return finish('rebuild', {}, 'admin')
