-- Removes items; those that are not there are passed over.
--
-- KEYS, ARGV[1..4]: includes/cart.lua
-- ARGV[5] "remove" | "clear"  [6..] SKUs to remove; all of them for "clear"
--
-- Output: { "OK", fields } or { code }
-- Event: "remove" | "clear", one row per item; none when nothing was there
--- @include "includes/cart"
local ACTION = ARGV[5]

parse_meta(call('HGET', CART, '_'))
local refusal = refuse_open()
if refusal then return refusal end

if ACTION == 'clear' then
  local fields = call('HGETALL', CART)
  for i = 1, #fields, 2 do
    if fields[i] ~= '_' then remove_item(fields[i], parse_item(fields[i + 1])) end
  end
else
  for i = 6, #ARGV do
    local item = parse_item(call('HGET', CART, ARGV[i]))
    if item then remove_item(ARGV[i], item) end
  end
end
return finish(ACTION)
