-- Script for wrk: sends the requests of a list and prints the result as JSON. The arguments are in generator.mjs.
local ffi = require('ffi')
ffi.cdef [[
  struct bench_time { long seconds; long nanoseconds; };
  int clock_gettime(int clock, struct bench_time *time);
]]
local CLOCK_MONOTONIC = 1
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

local requests, prefix, at, sent = {}, '', 0, 0
wrong, sample = 0, ''

function init(args)
  local rate, refuse = tonumber(args[3]), args[5] or ''
  prefix = args[2]
  for line in io.lines(args[1]) do
    local method, path, body = line:match('^(.-)\t(.-)\t(.*)$')
    if body == '' then body = nil end
    local numbered = (path .. (body or '')):find('{n}', 1, true)
    table.insert(requests, numbered and { method, path, body } or wrk.format(method, path, nil, body))
  end
  if rate > 0 then delay = pace(rate) end
  if args[4] == 'inspect' then
    function response(status, headers, body)
      if status < 300 and (refuse == '' or not body:find(refuse, 1, true)) then return end
      wrong = wrong + 1
      if wrong == 1 then sample = status .. ' ' .. body:sub(1, 400) end
    end
  end
end

function request()
  at = at % #requests + 1
  local next = requests[at]
  if type(next) == 'string' then return next end
  sent = sent + 1
  local number = prefix .. sent
  local body = next[3] and next[3]:gsub('{n}', number)
  return wrk.format(next[1], next[2]:gsub('{n}', number), nil, body)
end

-- Delays in ms that give all connections together a constant rate.
function pace(rate)
  local time = ffi.new('struct bench_time')
  local due = 0
  return function()
    ffi.C.clock_gettime(CLOCK_MONOTONIC, time)
    local now = tonumber(time.seconds) * 1000 + tonumber(time.nanoseconds) / 1e6
    due = math.max(due + 1000 / rate, now)
    return math.floor(due - now + 0.5)
  end
end

function done(summary, latency)
  local errors, first = summary.errors, ''
  local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
  for _, thread in ipairs(threads) do
    failed = math.max(failed, thread:get('wrong'))
    first = thread:get('sample')
  end
  print(string.format('\n{"count":%d,"rate":%.1f,"p50":%.2f,"p99":%.2f,"errors":%d,"sample":"%s"}',
    summary.requests, summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, failed,
    first:gsub('[%c]', ' '):gsub('[\\"]', '\\%0')))
end
