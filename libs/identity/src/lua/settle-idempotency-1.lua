-- Ends a claim, unless it is no longer this request's: with the answer that repeats shall get, or without one.
--
-- KEYS[1] record
-- ARGV[1] token of this request  [2] hash of its body  [3] answer; "" = the next request may try again  [4] its seconds
-- Output: 1 when the claim was this request's
if redis.call('GET', KEYS[1]) ~= 'running ' .. ARGV[1] .. ' ' .. ARGV[2] then return 0 end
if ARGV[3] == '' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], 'done ' .. ARGV[2] .. ' ' .. ARGV[3], 'EX', ARGV[4])
return 1
