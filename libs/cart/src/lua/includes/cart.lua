-- The opened cart, shared by every script that changes one.
--
-- KEYS[1] cart    hash: SKU -> "quantity selected addPriceCents addedAtMs changedAtMs position version snapshot"
--                 and "_"  -> "version state skus quantity selectedSkus selectedQuantity lastChoice"
--                 state: 0 not loaded, 1 open, 2 a guest's cart that is merged, or just being merged
--                 lastChoice: what the shopper last chose for an item, 1 selected, 0 not
-- KEYS[2] removed hash of tombstones, in the form of an item
-- KEYS[3] outbox  stream, one entry per change; beside it, in its slot, "<outbox>:dirty" and "<outbox>:gaps": see mark()
-- KEYS[4] active  sorted set of user ids by last change
-- KEYS[5] undo    hash: what the latest removal took, in the form of an item, and "_" -> its version
-- KEYS[6] idempotency record of the request; any other key of the cart when ARGV[5] is ""
-- ARGV[1] owner   "user:<id>" or "guest:<sha-256 of the id>": what leaves Redis never carries a guest's secret
-- ARGV[2] ttl     seconds the cart lives after this change; 0 = for ever
-- ARGV[3] match   versions the caller would accept, joined by commas; "" = any
-- ARGV[4] reply   "full" = all fields of the cart, "minimal" = the meta field alone; then the most entries the outbox may
--                 have, 0 = any number; then the device that asks, if it is known
-- ARGV[5] claim   "<token> <hash of the body>" of the idempotency record; "" = the request has no key
--
-- Every script answers { "OK", fields, line… } or { "REFUSED", line… } with lines "<sku or -> <code> <number>…", or says
-- why it did not look at the request: NEED_LOAD, VERSION_MISMATCH, REPLAYED, IDEMPOTENCY_IN_PROGRESS,
-- IDEMPOTENCY_KEY_REUSED. It fails with UNREADABLE when it meets an item that is none: see mend-cart.
--
-- Redis does not roll a script back: everything is checked before the first write.
local call = redis.call
local CART, REMOVED, OUTBOX = KEYS[1], KEYS[2], KEYS[3]
local ACTIVE, UNDO, IDEMPOTENCY = KEYS[4], KEYS[5], KEYS[6]
local OWNER, TTL, MATCH, CLAIM = ARGV[1], ARGV[2], ARGV[3], ARGV[5]
local REPLY, OUTBOX_MAX, DEVICE = string.match(ARGV[4], '^(%a+) (%d+) ?(.*)$')
local DIRTY, GAPS = OUTBOX .. ':dirty', OUTBOX .. ':gaps'
local IS_USER = string.sub(OWNER, 1, 5) == 'user:'
local UNDO_SECONDS = 600
local IDEMPOTENCY_SECONDS = 86400

local meta, meta_was = nil, nil
local now_ms, version = nil, nil
local is_full = false
-- What is to be written, gathered so that each key takes one command: alternating fields and values, or fields.
local items, gone, tombstones, revived = {}, {}, {}, {}
local rows, taken = {}, {}

-- The counters are whole numbers far below 1e14, which Lua prints exactly; versions are longer, and stay texts.
local function format_meta()
  return meta.version .. ' ' .. meta.state .. ' ' .. meta.skus .. ' ' .. meta.quantity .. ' ' .. meta.selected_skus
    .. ' ' .. meta.selected_quantity .. ' ' .. meta.last_choice
end

local function parse_meta(raw)
  meta_was = raw
  local v, state, skus, quantity, selected_skus, selected_quantity, last_choice =
    string.match(raw or '', '^(%d+) ([012]) (%d+) (%d+) (%d+) (%d+) ([01])$')
  if v then
    meta = {
      version = v, state = state, skus = tonumber(skus), quantity = tonumber(quantity),
      selected_skus = tonumber(selected_skus), selected_quantity = tonumber(selected_quantity),
      last_choice = last_choice,
    }
  else
    -- A user's cart without the field, or with one nobody can read, is unknown, not empty: MySQL may have it. A guest's
    -- lives here alone.
    meta = {
      version = '0', state = IS_USER and '0' or '1', skus = 0, quantity = 0, selected_skus = 0, selected_quantity = 0,
      last_choice = '1',
    }
  end
end

-- origin: "addPriceCents addedAtMs". The time and version of the last change are always written anew. nil: there is none,
-- or nobody can read it.
local function try_item(raw)
  local quantity, selected, origin, position, snapshot =
    string.match(raw or '', '^(%d+) ([01]) (%d+ %d+) %d+ (%d+) %d+ (.*)$')
  if not quantity then return nil end
  return {
    quantity = tonumber(quantity), selected = selected, origin = origin, position = position, snapshot = snapshot,
  }
end

local function parse_item(raw)
  if not raw then return nil end
  return try_item(raw) or error('UNREADABLE', 0)
end

local function format_item(item)
  return item.quantity .. ' ' .. item.selected .. ' ' .. item.origin .. ' ' .. now_ms .. ' ' .. item.position .. ' '
    .. version .. ' ' .. item.snapshot
end

local function copy(item)
  return {
    quantity = item.quantity, selected = item.selected, origin = item.origin, position = item.position,
    snapshot = item.snapshot,
  }
end

-- Every item of the cart but its own fields: raw texts by SKU.
local function all_items()
  local all = {}
  local fields = call('HGETALL', CART)
  for i = 1, #fields, 2 do
    if fields[i] ~= '_' and fields[i] ~= '@' then all[fields[i]] = fields[i + 1] end
  end
  return all
end

-- A repeat of a request is answered from its record: the change and the record are made in one step, so that no crash
-- can part them. "running <token> <hash>" or "done <hash> <answer>".
local function refuse_repeat()
  if CLAIM == '' then return nil end
  local record = call('GET', IDEMPOTENCY)
  if not record or record == 'running ' .. CLAIM then return nil end
  local hash = string.match(CLAIM, ' (.*)$')
  local done, answer = string.match(record, '^done (%S+) (.*)$')
  if (done or string.match(record, ' (%S+)$')) ~= hash then return { 'IDEMPOTENCY_KEY_REUSED' } end
  if done then return { 'REPLAYED', answer } end
  return { 'IDEMPOTENCY_IN_PROGRESS' }
end

-- What this request came to, for its repeats.
local function record(code, lines)
  if CLAIM == '' then return end
  local answer = #lines > 0 and code .. ';' .. table.concat(lines, ';') or code
  call('SET', IDEMPOTENCY, 'done ' .. string.match(CLAIM, ' (.*)$') .. ' ' .. answer, 'EX', IDEMPOTENCY_SECONDS)
end

-- Not by unpack(), which takes some thousand values: after the writes it would be too late to fail.
local function with_lines(answer, lines)
  for i = 1, #lines do answer[#answer + 1] = lines[i] end
  return answer
end

-- Ends a script that changes nothing, for reasons that are part of the answer.
local function refuse(lines)
  record('REFUSED', lines)
  return with_lines({ 'REFUSED' }, lines)
end

-- The reason not to go on (a whole answer), or nil. Needs the meta field.
local function refuse_open()
  local repeated = refuse_repeat()
  if repeated then return repeated end
  if meta.state == '0' then return { 'NEED_LOAD' } end
  if meta.state == '2' then
    -- While the merge is under way the cart may still be given back: the next attempt may hear something else.
    if string.sub(call('HGET', CART, '@') or '', 1, 7) == 'frozen ' then return { 'REFUSED', '- GUEST_CART_MERGED' } end
    return refuse({ '- GUEST_CART_MERGED' })
  end
  if MATCH == '' or string.find(',' .. MATCH .. ',', ',' .. meta.version .. ',', 1, true) then return nil end
  return { 'VERSION_MISMATCH', call('HGETALL', CART) }
end

-- The cart's version is at least this one from here on. Of equal length, versions compare as texts.
local function raise_version(least)
  if #least > #meta.version or (#least == #meta.version and least > meta.version) then meta.version = least end
end

-- The version of this change, µs since 1970: grows also when the clock steps back, outranks lost ones after a loss of
-- data. A text, since tostring() keeps 14 digits of these 16; of equal length, texts compare like numbers.
local function stamp()
  if version then return end
  -- A key of another type would stop the script half-way, after its first writes.
  is_full = OUTBOX_MAX ~= '0' and call('XLEN', OUTBOX) >= tonumber(OUTBOX_MAX)
  if is_full then
    call('ZCARD', DIRTY)
    call('HLEN', GAPS)
  end
  call('ZCARD', ACTIVE)
  meta.tombstones = call('HLEN', REMOVED)
  local time = call('TIME')
  version = time[1] .. string.sub('00000' .. time[2], -6)
  now_ms = string.sub(version, 1, -4)
  local last = meta.version
  if #last > #version or (#last == #version and last >= version) then version = string.format('%.0f', last + 1) end
  meta.version = version
end

local function count(item, sign)
  meta.skus = meta.skus + sign
  meta.quantity = meta.quantity + sign * item.quantity
  if item.selected == '1' then
    meta.selected_skus = meta.selected_skus + sign
    meta.selected_quantity = meta.selected_quantity + sign * item.quantity
  end
end

local function append(list, first, second)
  list[#list + 1] = first
  list[#list + 1] = second
end

-- Writes the item as it is now; `was` is a copy of it before, nil when it is new.
local function put_item(sku, item, was)
  stamp()
  if was then count(was, -1) end
  count(item, 1)
  local raw = format_item(item)
  append(items, sku, raw)
  if not was and meta.tombstones > 0 then revived[#revived + 1] = sku end
  append(rows, 'r', sku .. ' ' .. (was and was.quantity or 0) .. ' 0 ' .. raw)
end

local function drop_item(sku, item)
  stamp()
  count(item, -1)
  local before = item.quantity
  item.quantity = 0
  local raw = format_item(item)
  gone[#gone + 1] = sku
  if IS_USER then append(tombstones, sku, raw) end
  append(rows, 'r', sku .. ' ' .. before .. ' 1 ' .. raw)
end

-- Takes an item out as the shopper wished, so that it can be undone.
local function remove_item(sku, raw)
  append(taken, sku, raw)
  drop_item(sku, parse_item(raw))
end

-- unpack() takes some thousand values.
local function in_chunks(list, write)
  for first = 1, #list, 400 do write(unpack(list, first, math.min(first + 399, #list))) end
end

-- The outbox is full: the cart is marked instead, by the version that MySQL does not hear of, and the lines that the
-- change log will lack are counted. The marked cart is compared with MySQL later; a guest's has no rows there.
local function mark()
  if IS_USER then call('ZADD', DIRTY, version, string.sub(OWNER, 6)) end
  call('HSETNX', GAPS, 'since', version)
  call('HINCRBY', GAPS, 'lines', #rows / 2)
end

-- One event must fit a message: a large change becomes several entries. That of an order always goes out: an order is
-- done when its own event has reached MySQL.
local function append_event(action, source)
  if is_full and source ~= 'order' then return mark() end
  in_chunks(rows, function(...)
    call('XADD', OUTBOX, '*', 'o', OWNER, 'v', version, 't', now_ms, 'a', action, 's', source, 'd', DEVICE, ...)
  end)
end

local function remember_removal()
  call('DEL', UNDO)
  call('HSET', UNDO, '_', version)
  in_chunks(taken, function(...) call('HSET', UNDO, ...) end)
  call('EXPIRE', UNDO, UNDO_SECONDS)
end

local function write_items()
  append(items, '_', format_meta())
  in_chunks(items, function(...) call('HSET', CART, ...) end)
  in_chunks(gone, function(...) call('HDEL', CART, ...) end)
  in_chunks(tombstones, function(...) call('HSET', REMOVED, ...) end)
  in_chunks(revived, function(...) call('HDEL', REMOVED, ...) end)
end

-- Ends a script: items, meta, lifetime, index, event and the record of the request, all in one step. Without a change
-- the version stays. `lines` belong to the answer.
local function finish(action, lines, source)
  lines = lines or {}
  if version then
    write_items()
    if IS_USER then
      -- Only a cart that was loaded empty is given a lifetime, the null cache.
      call('PERSIST', CART)
      call('ZADD', ACTIVE, now_ms, string.sub(OWNER, 6))
    end
    if #taken > 0 then remember_removal() end
    append_event(action, source or (IS_USER and 'user' or 'guest'))
    -- Whoever watches this cart hears of it; nobody is waited for.
    call('PUBLISH', 'cart:live:' .. OWNER, format_meta())
  elseif meta_was and meta_was ~= format_meta() then
    call('HSET', CART, '_', format_meta())
  end
  if TTL ~= '0' then call('EXPIRE', CART, TTL) end
  record('OK', lines)
  return with_lines({ 'OK', REPLY == 'full' and call('HGETALL', CART) or { '_', format_meta() } }, lines)
end
