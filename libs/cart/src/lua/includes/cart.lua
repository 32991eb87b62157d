-- The opened cart, shared by every script that changes one.
--
-- KEYS[1] cart    hash: SKU -> "quantity selected addPriceCents addedAtMs changedAtMs position version snapshot"
--                 and "_"  -> "version loaded skus quantity selectedSkus selectedQuantity"
-- KEYS[2] removed hash of tombstones, in the form of an item
-- KEYS[3] outbox  stream, one entry per change
-- KEYS[4] active  sorted set of user ids by last change
-- ARGV[1] owner   "user:<id>" or "guest:<sha-256 of the id>": what leaves Redis never carries a guest's secret
-- ARGV[2] ttl     seconds the cart lives after this change; 0 = for ever
-- ARGV[3] match   versions the caller would accept, joined by commas; "" = any
-- ARGV[4] reply   "full" = all fields of the cart, "minimal" = the meta field alone
--
-- Redis does not roll a script back: everything is checked before the first write.
local call = redis.call
local CART, REMOVED, OUTBOX, ACTIVE = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local OWNER, TTL, MATCH, REPLY = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local IS_USER = string.sub(OWNER, 1, 5) == 'user:'

local meta = nil
local rows = {}
local now_ms, version = nil, nil

local function parse_meta(raw)
  if raw then
    local v, loaded, skus, quantity, selected_skus, selected_quantity =
      string.match(raw, '^(%d+) ([01]) (%d+) (%d+) (%d+) (%d+)$')
    meta = {
      version = tonumber(v), loaded = loaded == '1', skus = tonumber(skus), quantity = tonumber(quantity),
      selected_skus = tonumber(selected_skus), selected_quantity = tonumber(selected_quantity),
    }
  else
    -- A user's cart without the field is unknown, not empty: MySQL may have it. A guest's lives here alone.
    meta = {
      version = 0, loaded = not IS_USER, skus = 0, quantity = 0, selected_skus = 0, selected_quantity = 0,
    }
  end
end

local function format_meta()
  return string.format('%.0f %d %d %d %d %d', meta.version, meta.loaded and 1 or 0, meta.skus, meta.quantity,
    meta.selected_skus, meta.selected_quantity)
end

local function parse_item(raw)
  if not raw then return nil end
  local quantity, selected, price, added, changed, position, v, snapshot =
    string.match(raw, '^(%d+) ([01]) (%d+) (%d+) (%d+) (%d+) (%d+) (.*)$')
  if not quantity then error('not a cart item') end
  return {
    quantity = tonumber(quantity), selected = selected, price = price, added = added, changed = changed,
    position = position, version = v, snapshot = snapshot,
  }
end

local function format_item(item)
  return string.format('%d %s %s %s %s %s %s %s', item.quantity, item.selected, item.price, item.added, item.changed,
    item.position, item.version, item.snapshot)
end

local function reply(code)
  if REPLY == 'full' then return { code, call('HGETALL', CART) } end
  return { code, { '_', format_meta() } }
end

-- The reason not to go on (a whole answer), or nil.
local function refuse_open()
  if not meta.loaded then return { 'NEED_LOAD' } end
  local accepted = MATCH == '' or string.find(',' .. MATCH .. ',', string.format(',%.0f,', meta.version), 1, true)
  if accepted then return nil end
  return { 'VERSION_MISMATCH', call('HGETALL', CART) }
end

-- The version of this change: grows also when the clock steps back, outranks lost ones after a loss of data.
-- Printed with %.0f: tostring() keeps 14 digits of these 16.
local function stamp()
  if version then return end
  -- A key of another type would stop the script half-way, after its first writes.
  call('XLEN', OUTBOX)
  call('ZCARD', ACTIVE)
  call('HLEN', REMOVED)
  local time = call('TIME')
  local micros = time[1] * 1000000 + time[2]
  now_ms = string.format('%.0f', math.floor(micros / 1000))
  meta.version = math.max(meta.version + 1, micros)
  version = string.format('%.0f', meta.version)
end

local function count(item, sign)
  meta.skus = meta.skus + sign
  meta.quantity = meta.quantity + sign * item.quantity
  if item.selected == '1' then
    meta.selected_skus = meta.selected_skus + sign
    meta.selected_quantity = meta.selected_quantity + sign * item.quantity
  end
end

local function log_row(sku, before, deleted, raw)
  rows[#rows + 1] = 'r'
  rows[#rows + 1] = sku .. ' ' .. before .. ' ' .. deleted .. ' ' .. raw
end

-- Writes the item as it is now; `was` is a copy of it before, nil when it is new.
local function put_item(sku, item, was)
  stamp()
  item.version, item.changed = version, now_ms
  if was then count(was, -1) end
  count(item, 1)
  local raw = format_item(item)
  call('HSET', CART, sku, raw)
  if not was and IS_USER then call('HDEL', REMOVED, sku) end
  log_row(sku, was and was.quantity or 0, 0, raw)
end

local function remove_item(sku, item)
  stamp()
  count(item, -1)
  local before = item.quantity
  item.quantity, item.version, item.changed = 0, version, now_ms
  local raw = format_item(item)
  call('HDEL', CART, sku)
  if IS_USER then call('HSET', REMOVED, sku, raw) end
  log_row(sku, before, 1, raw)
end

-- unpack() takes some thousand values, and one event must fit a message: a large change becomes several entries.
local function append_event(action)
  for first = 1, #rows, 400 do
    call('XADD', OUTBOX, '*', 'o', OWNER, 'v', version, 't', now_ms, 'a', action, 's', IS_USER and 'user' or 'guest',
      unpack(rows, first, math.min(first + 399, #rows)))
  end
end

-- Ends a script: meta, lifetime, index and the event, all with the change itself. Without a change nothing is written.
local function finish(action)
  if not version then return reply('OK') end
  call('HSET', CART, '_', format_meta())
  if TTL == '0' then call('PERSIST', CART) else call('EXPIRE', CART, TTL) end
  if IS_USER then call('ZADD', ACTIVE, now_ms, string.sub(OWNER, 6)) end
  append_event(action)
  return reply('OK')
end
