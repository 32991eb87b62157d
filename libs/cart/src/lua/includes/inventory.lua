-- What the catalogue says of one SKU, and whether a quantity of it may be in the cart.
-- state is "on", "off" (the shelf) or "gone"; the sum is checked here, where nothing can change it any more.
-- Returns the refusal (a whole answer) or nil. The order of the checks is part of the HTTP contract.
local function refuse_quantity(sum, state, maximum, stock)
  if state == 'gone' then return { 'SKU_NOT_FOUND' } end
  if state == 'off' then return { 'SKU_OFF_SHELF' } end
  if sum > maximum then return { 'QUANTITY_LIMIT', string.format('%.0f', maximum), string.format('%.0f', sum) } end
  if stock <= 0 then return { 'OUT_OF_STOCK' } end
  if sum > stock then return { 'INSUFFICIENT_STOCK', string.format('%.0f', stock), string.format('%.0f', sum) } end
  return nil
end
