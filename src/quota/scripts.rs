//! The steps of the store in Redis: one script each, run whole or not at all.

/// Takes all lines of a step or none. Replies: taken, gateways alive, then two numbers for each line.
const TAKE: &str = r"
local now, lease, answer = tonumber(ARGV[1]), ARGV[2], {1, 1}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
answer[2] = math.max(1, redis.call('ZCARD', KEYS[1]))
local lines = (#KEYS - 1) / 2
local function seen(i)
  local current, before, part = KEYS[2 * i], KEYS[2 * i + 1], tonumber(ARGV[4 * i + 1])
  if part < 0 then
    redis.call('ZREMRANGEBYSCORE', current, '-inf', now)
    return redis.call('ZCARD', current), 0
  end
  local earlier = 0
  if part > 0 then earlier = tonumber(redis.call('GET', before) or '0') end
  return tonumber(redis.call('GET', current) or '0'), earlier
end
for i = 1, lines do
  local current, before = seen(i)
  local limit, amount, part = tonumber(ARGV[4 * i - 1]), tonumber(ARGV[4 * i]), tonumber(ARGV[4 * i + 1])
  if current + math.floor(before * math.max(part, 0) / 1000) + amount > limit then answer[1] = 0 end
end
for i = 1, lines do
  if answer[1] == 1 then
    local key, amount, part, kept = KEYS[2 * i], ARGV[4 * i], tonumber(ARGV[4 * i + 1]), tonumber(ARGV[4 * i + 2])
    if part < 0 then
      redis.call('ZADD', key, now + kept, lease)
    else
      redis.call('INCRBY', key, amount)
    end
    redis.call('PEXPIRE', key, kept)
  end
  local current, before = seen(i)
  answer[#answer + 1] = current
  answer[#answer + 1] = before
end
return answer
";

/// Puts right what was taken: for each key what is added (never below 0) and how long it is kept, or, with -1, the lease that
/// is given back.
const SETTLE: &str = r"
for i = 1, #KEYS do
  local more, kept = ARGV[2 * i - 1], tonumber(ARGV[2 * i])
  if kept < 0 then
    redis.call('ZREM', KEYS[i], more)
  else
    if redis.call('INCRBY', KEYS[i], more) < 0 then redis.call('SET', KEYS[i], 0) end
    redis.call('PEXPIRE', KEYS[i], kept)
  end
end
return 1
";

/// Says that this gateway is alive, and renews its leases: pairs of a key and a lease.
const RENEW: &str = r"
local now, kept, me = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
redis.call('ZADD', KEYS[1], now + kept, me)
redis.call('PEXPIRE', KEYS[1], kept)
for i = 2, #KEYS do
  redis.call('ZADD', KEYS[i], now + kept, ARGV[i + 2])
  redis.call('PEXPIRE', KEYS[i], kept)
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
return redis.call('ZCARD', KEYS[1])
";

/// All of them, by number: take, settle, renew.
pub(super) const SCRIPTS: &[&str] = &[TAKE, SETTLE, RENEW];
