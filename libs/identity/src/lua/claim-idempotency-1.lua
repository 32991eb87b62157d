-- Claims the record of a request with an Idempotency-Key before anything else is done for it.
--
-- KEYS[1] record  "running <token> <hash>" or "done <hash> <answer>"
-- ARGV[1] token of this request  [2] hash of its body  [3] seconds until a claim lapses whose request died
-- Output: { "CLAIMED" } | { "DONE", answer } | { "RUNNING" } | { "REUSED" }
local record = redis.call('GET', KEYS[1])
if not record then
  redis.call('SET', KEYS[1], 'running ' .. ARGV[1] .. ' ' .. ARGV[2], 'EX', ARGV[3])
  return { 'CLAIMED' }
end
local hash, answer = string.match(record, '^done (%S+) (.*)$')
if (hash or string.match(record, ' (%S+)$')) ~= ARGV[2] then return { 'REUSED' } end
if hash then return { 'DONE', answer } end
return { 'RUNNING' }
