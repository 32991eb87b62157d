-- What the catalogue says of one SKU, and whether a quantity of it may be in the cart.
-- state is "on", "off" (the shelf) or "gone"; the sum is checked here, where nothing can change it any more.
-- Returns the refusal (a line of the answer) or nil. The order of the checks is part of the HTTP contract.
local function refuse_quantity(sku, sum, state, maximum, stock)
  if state == 'gone' then return sku .. ' SKU_NOT_FOUND' end
  if state == 'off' then return sku .. ' SKU_OFF_SHELF' end
  if sum > maximum then return string.format('%s QUANTITY_LIMIT %.0f %.0f', sku, maximum, sum) end
  if stock <= 0 then return sku .. ' OUT_OF_STOCK' end
  if sum > stock then return string.format('%s INSUFFICIENT_STOCK %.0f %.0f', sku, stock, sum) end
  return nil
end
