-- A marked cart was compared with MySQL: its mark goes, unless the cart was marked again since.
--
-- KEYS[1] dirty
-- ARGV[1] user id  [2] the mark that was seen before the comparison
-- Output: 1 when it went
if redis.call('ZSCORE', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])
