/**
 * The script that counts, in the Lua that Redis 5 and later and Valkey run: all draws of a trip are looked at, and taken, as one.
 *
 * A rate is GCRA with a burst as large as the limit. What is used is kept as whole units and a rest in units/period, so that every
 * number stays a whole one below 2^53, where Lua's doubles are exact: a limit may be 10^10 and a period a day.
 * Kept: `units rest limit period at whole-at birth told heard`, times in milliseconds. A key lives on until no node can have heard of a
 * debt in it any more: one that is missing was whole, or was lost. Nodes say which birth of it they know. One that is younger, as after
 * the server has lost its memory, learns anew: `told` is the sum of what nodes used themselves, `heard` the most that one of them knew
 * of all; the larger of the two counts, so that the first node that comes brings most of it, and the last one the rest. One of the same
 * birth may be of an older snapshot, or of a replica that was told less: a node whose way to it broke says so, and then what it knew of all is in it.
 *
 * Concurrency is a sorted set of slots by the time they end, unless their node tells of them again.
 */

const rates = `
local function fraction(a, b, c)
  local high, low = math.floor(b / 100000), b % 100000
  local product = a * high
  local quotient, rest = math.floor(product / c) * 100000, product % c
  product = rest * 100000
  quotient, rest = quotient + math.floor(product / c), product % c
  product = a * low
  quotient, rest = quotient + math.floor(product / c), rest + product % c
  if rest >= c then return quotient + 1, rest - c end
  return quotient, rest
end

local function waitFor(units, rest, limit, period)
  local whole, more = fraction(units % limit, period, limit)
  return math.floor(units / limit) * period + whole + math.ceil((more + rest) / limit)
end

local function load(key, draw, now)
  local kept = redis.call('GET', key)
  local limit, period = draw.limit, draw.period
  if not kept then
    return { units = 0, rest = 0, wholeAt = 0, birth = -1, told = 0, heard = 0 }
  end
  local numbers = {}
  for number in string.gmatch(kept, '%S+') do numbers[#numbers + 1] = tonumber(number) end
  local units, rest, oldLimit, oldPeriod, at, wholeAt, birth, told, heard = unpack(numbers)
  local elapsed = now - at
  if elapsed > 0 then
    local drained, part = fraction(elapsed % oldPeriod, oldLimit, oldPeriod)
    units = units - math.floor(elapsed / oldPeriod) * oldLimit - drained
    rest = rest - part
    if rest < 0 then units, rest = units - 1, rest + oldPeriod end
    if units < 0 then units, rest = 0, 0 end
  end
  if period ~= oldPeriod then rest = fraction(rest, period, oldPeriod) end
  return { units = units, rest = rest, wholeAt = wholeAt, birth = birth, told = told, heard = heard }
end

local function add(bucket, draw, amount)
  bucket.units = bucket.units + amount
  local most = draw.limit * 60
  if bucket.units < 0 then bucket.units, bucket.rest = 0, 0 end
  if bucket.units >= most then bucket.units, bucket.rest = most, 0 end
end

local function learn(bucket, draw)
  local before = math.max(bucket.told, bucket.heard)
  bucket.told = bucket.told + draw.used
  bucket.heard = math.max(bucket.heard, draw.usedByAll)
  return math.max(bucket.told, bucket.heard) - before
end

local function remaining(bucket, draw)
  return math.max(0, draw.limit - bucket.units - (bucket.rest > 0 and 1 or 0))
end

local function reset(bucket, draw)
  if draw.limit == 0 then return 0 end
  return waitFor(bucket.units, bucket.rest, draw.limit, draw.period)
end

local function rateWait(bucket, draw)
  if draw.amount < 0 then return 0 end
  if draw.amount > draw.limit then return -1 end
  if draw.limit == 0 then return 0 end
  local over = bucket.units + draw.amount - draw.limit
  if over < 0 then return 0 end
  return waitFor(over, bucket.rest, draw.limit, draw.period)
end

local function save(key, bucket, draw, now)
  local wholeAt = math.max(bucket.wholeAt, now + reset(bucket, draw))
  if bucket.birth < 0 then bucket.birth = now end
  local text = string.format('%.0f %.0f %.0f %.0f %.0f %.0f %.0f %.0f %.0f',
    bucket.units, bucket.rest, draw.limit, draw.period, now, wholeAt, bucket.birth, bucket.told, bucket.heard)
  redis.call('SET', key, text, 'PX', string.format('%.0f', math.max(1, wholeAt - now) + 1000))
end
`

const slots = `
local function addSlots(key, draw, names, from, to, now)
  for place = from, to do redis.call('ZADD', key, now + draw.lasts, names[place]) end
  if to >= from then redis.call('PEXPIRE', key, draw.lasts + 1000) end
end

local function loadSlots(key, draw, now)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  for _, name in ipairs(draw.left) do redis.call('ZREM', key, name) end
  addSlots(key, draw, draw.kept, 1, #draw.kept, now)
  return { count = redis.call('ZCARD', key) }
end

local function slotsWait(bucket, draw)
  if draw.amount < 0 then return 0 end
  if draw.limit <= 0 then return -1 end
  return bucket.count + draw.amount <= draw.limit and 0 or draw.retry
end
`

const main = `
local place = 0
local function text() place = place + 1; return ARGV[place] end
local function number() return tonumber(text()) end
local function list()
  local found = {}
  for count = 1, number() do found[count] = text() end
  return found
end

local now, nodes = number(), number()
if now < 0 then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local draws, buckets, waits, fits = {}, {}, {}, true
for which, key in ipairs(KEYS) do
  local draw = { kind = text(), limit = number(), amount = number(), ahead = number() }
  if draw.kind == 'rate' then
    draw.period, draw.correction = number(), number()
    draw.birth, draw.used, draw.usedByAll, draw.mayHaveLost = number(), number(), number(), number() == 1
    buckets[which] = load(key, draw, now)
    draw.learns = draw.birth >= 0 and draw.birth ~= buckets[which].birth and draw.used + draw.usedByAll > 0
    if draw.learns then draw.correction = learn(buckets[which], draw)
    elseif draw.mayHaveLost then draw.correction = math.max(draw.correction, draw.usedByAll - buckets[which].units) end
    if draw.correction ~= 0 then add(buckets[which], draw, draw.correction) end
    waits[which] = rateWait(buckets[which], draw)
  else
    draw.lasts, draw.retry, draw.slots, draw.left, draw.kept = number(), number(), list(), list(), list()
    buckets[which] = loadSlots(key, draw, now)
    waits[which] = slotsWait(buckets[which], draw)
  end
  draws[which] = draw
  if waits[which] ~= 0 then fits = false end
end

local function spare(draw, room)
  return math.max(0, math.min(draw.ahead, math.floor(room / (2 * nodes))))
end

local answer = { fits and 1 or 0 }
for which, key in ipairs(KEYS) do
  local draw, bucket, ahead, rest, whole, birth = draws[which], buckets[which], 0, 0, 0, -1
  local takes = fits and draw.amount >= 0
  if draw.kind == 'rate' then
    if takes then
      add(bucket, draw, draw.amount)
      ahead = spare(draw, remaining(bucket, draw))
      if ahead > 0 then add(bucket, draw, ahead) end
    end
    if takes or draw.learns or draw.correction ~= 0 then save(key, bucket, draw, now) end
    rest, whole, birth = remaining(bucket, draw), reset(bucket, draw), bucket.birth
  else
    if takes then
      ahead = spare(draw, draw.limit - bucket.count - draw.amount)
      addSlots(key, draw, draw.slots, 1, draw.amount + ahead, now)
      bucket.count = bucket.count + draw.amount + ahead
    end
    rest = math.max(0, draw.limit - bucket.count)
  end
  answer[#answer + 1] = ahead
  answer[#answer + 1] = rest
  answer[#answer + 1] = whole
  answer[#answer + 1] = birth
  answer[#answer + 1] = waits[which]
end
return answer
`

/** The whole script; its keys are buckets, its arguments what `counter.ts` writes. */
export const limitScript = `${rates}${slots}${main}`
