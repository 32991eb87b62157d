-- Takes out of a cart what nobody can read, and puts MySQL's row in its place where there is one. The counters are counted
-- anew. Only at the version at which it was looked at.
--
-- KEYS, ARGV[1..5]: includes/cart.lua; ARGV[3] is that version
-- ARGV[6] highest version of the user's rows in MySQL; "0" of a guest
-- ARGV[7..] field, row; "" = no row. A row is taken as it is, in its own version: MySQL knows it
--
-- Answer: "OK"
-- Event: none. What was unreadable is no removal: MySQL keeps what it has
--- @include "includes/cart"

parse_meta(call('HGET', CART, '_'))
local refusal = refuse_open()
if refusal then return refusal end

local all = all_items()
for i = 7, #ARGV, 2 do all[ARGV[i]] = nil end
meta.skus, meta.quantity, meta.selected_skus, meta.selected_quantity = 0, 0, 0, 0
for _, raw in pairs(all) do count(parse_item(raw), 1) end
for i = 7, #ARGV, 2 do
  if ARGV[i + 1] ~= '' then count(parse_item(ARGV[i + 1]), 1) end
end

raise_version(ARGV[6])
stamp()
for i = 7, #ARGV, 2 do
  local field, row = ARGV[i], ARGV[i + 1]
  if row ~= '' then append(items, field, row) elseif field ~= '_' then gone[#gone + 1] = field end
end
return finish('mend', {}, 'sync')
