-- Takes a consumer out of a group when it has been silent for long and has nothing pending. In one step, for XGROUP
-- DELCONSUMER drops what is pending without a word.
--
-- KEYS[1] stream
-- ARGV[1] group  [2] consumer  [3] silence, ms
-- Output: 1 when it was taken out, else 0
for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local of = {}
  for i = 1, #info, 2 do of[info[i]] = info[i + 1] end
  if of.name == ARGV[2] and of.pending == 0 and of.idle >= tonumber(ARGV[3]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
    return 1
  end
end
return 0
