-- Takes the first step of a merge back, which the user's cart has refused; not when another attempt has joined, for that
-- one may have applied it already.
--
-- KEYS[1] guest cart  [2] merges under way
-- ARGV[1] user id  [2] guest id
-- Output: 1 when the cart is the guest's again
local call = redis.call
local found = call('HMGET', KEYS[1], '_', '@')
if not found[1] or not found[2] then return 0 end
if string.sub(found[2], 1, #ARGV[1] + 10) ~= 'frozen ' .. ARGV[1] .. ' 1 ' then return 0 end
call('HSET', KEYS[1], '_', (string.gsub(found[1], '^(%d+) 2 ', '%1 1 ')))
call('HDEL', KEYS[1], '@')
call('ZREM', KEYS[2], ARGV[2])
return 1
