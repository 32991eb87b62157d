-- Claims the record of a request with an Idempotency-Key before anything else is done for it, and lets go of the oldest
-- answers of its owner when they are too many or too large.
--
-- KEYS[1] record  "running <token> <hash>" or "done <hash> <answer>"
-- KEYS[2] index   sorted set of the owner's records in the order of their claims
-- ARGV[1] token of this request  [2] hash of its body  [3] seconds until a claim lapses whose request died
-- ARGV[4] seconds an answer is kept  [5] most records of an owner  [6] most bytes of them
-- Output: { "CLAIMED" } | { "DONE", answer } | { "RUNNING" } | { "REUSED" }

-- An answer is written by the script of its change, so its size is looked up later: once in so many claims.
local WEIGH_EVERY = 16

-- A request that is under way keeps its claim, or a repeat would run beside it.
local function letGo(records)
  for _, record in ipairs(records) do
    if redis.call('GETRANGE', record, 0, 7) ~= 'running ' then
      redis.call('DEL', record)
      redis.call('ZREM', KEYS[2], record)
    end
  end
end

local function weigh(mostBytes)
  local bytes = 0
  local tooMuch = {}
  for _, record in ipairs(redis.call('ZREVRANGE', KEYS[2], 0, -1)) do
    local size = redis.call('STRLEN', record)
    bytes = bytes + size
    if size == 0 or bytes > mostBytes then tooMuch[#tooMuch + 1] = record end
  end
  letGo(tooMuch)
end

local record = redis.call('GET', KEYS[1])
if not record then
  redis.call('SET', KEYS[1], 'running ' .. ARGV[1] .. ' ' .. ARGV[2], 'EX', ARGV[3])
  local turn = tonumber(redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2] or '0') + 1
  redis.call('ZADD', KEYS[2], turn, KEYS[1])
  redis.call('EXPIRE', KEYS[2], ARGV[4])
  if turn % WEIGH_EVERY == 0 then weigh(tonumber(ARGV[6])) end
  local over = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[5])
  if over > 0 then letGo(redis.call('ZRANGE', KEYS[2], 0, over - 1)) end
  return { 'CLAIMED' }
end
local hash, answer = string.match(record, '^done (%S+) (.*)$')
if (hash or string.match(record, ' (%S+)$')) ~= ARGV[2] then return { 'REUSED' } end
if hash then return { 'DONE', answer } end
return { 'RUNNING' }
