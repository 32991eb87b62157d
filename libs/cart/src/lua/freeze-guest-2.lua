-- First step of a merge: closes a guest's cart to writes and hands its items out. On an unfinished merge of the same
-- user it goes on with that one, under the terms it began with.
--
-- KEYS[1] guest cart; its field "@" says whose merge: "frozen <user> <attempts> <strategy> <select>" | "merged <user>"
-- KEYS[2] merges under way: sorted set of guest ids by the time they began, ms
-- ARGV[1] user id  [2] guest id  [3] strategy; "" = only go on with a merge that has begun  [4] select
-- Output: { "FROZEN", strategy, select, fields } | { "MERGED" } by this user | { "NONE" }: empty, unknown or another
--         user's, which nobody can tell apart, or not begun
local call = redis.call
local CART, PENDING = KEYS[1], KEYS[2]
local USER, GUEST, STRATEGY, SELECT = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local found = call('HMGET', CART, '_', '@')
if not found[1] then return { 'NONE' } end
local version, state, skus, rest = string.match(found[1], '^(%d+) ([12]) (%d+) (.*)$')
if not version then return { 'NONE' } end
local attempts = 0
if state == '2' then
  local step, owner, tries, strategy, select = string.match(found[2], '^(%a+) (%d+) ?(%d*) ?(%a*) ?(%a*)$')
  if owner ~= USER then return { 'NONE' } end
  if step == 'merged' then return { 'MERGED' } end
  attempts, STRATEGY, SELECT = tonumber(tries), strategy, select
elseif skus == '0' or STRATEGY == '' then
  return { 'NONE' }
else
  local time = call('TIME')
  call('ZADD', PENDING, string.format('%.0f', math.floor((time[1] * 1000000 + time[2]) / 1000)), GUEST)
  call('HSET', CART, '_', version .. ' 2 ' .. skus .. ' ' .. rest)
end
call('HSET', CART, '@', string.format('frozen %s %d %s %s', USER, attempts + 1, STRATEGY, SELECT))
return { 'FROZEN', STRATEGY, SELECT, call('HGETALL', CART) }
