-- Last step of a merge: what the guest had is the user's now; the cart stays closed as long as a guest's cart lives.
--
-- KEYS[1..6], ARGV[1..5]: includes/cart.lua; KEYS[7] merges under way
-- ARGV[6] user id  [7] guest id
--
-- Answer: "OK"
-- Event: "merge" of the guest, a row per item
--- @include "includes/cart"
local PENDING, USER, GUEST = KEYS[7], ARGV[6], ARGV[7]

local found = call('HMGET', CART, '_', '@')
parse_meta(found[1])
if found[2] and string.sub(found[2], 1, #USER + 8) == 'frozen ' .. USER .. ' ' then
  local parsed = {}
  -- What nobody can read was not merged, and ends with the cart.
  for sku, raw in pairs(all_items()) do parsed[sku] = try_item(raw) end
  for sku, item in pairs(parsed) do drop_item(sku, item) end
  call('HSET', CART, '@', 'merged ' .. USER)
  call('DEL', UNDO)
end
call('ZREM', PENDING, GUEST)
return finish('merge', {}, 'merge')
