-- SPDX-License-Identifier: LGPL-2.1-or-later
-- For wrk, with one thread: wrk -s serving.lua ADDRESS -- COUNT.  Sends so many predictions, as to a
-- model server itself, and says when all are answered "finished: MICROSECONDS REQUESTS MICROSECONDS":
-- how long that took, how many were answered before the last one was sent, and how long those took.
-- Then wrk waits for SIGINT, and one line tells "latency: REQUESTS BAD MICROSECONDS MICROSECONDS":
-- what 50 and what 99 of 100 took at most.

local ffi = require("ffi")
ffi.cdef("typedef struct { long s, ns; } Time; int clock_gettime (int clock, Time *time);")
local CLOCK_MONOTONIC = 1
local time = ffi.new("Time")

local function now()
  ffi.C.clock_gettime(CLOCK_MONOTONIC, time)
  return tonumber(time.s) * 1e6 + tonumber(time.ns) / 1e3
end

-- A delay, in milliseconds, that never ends.
local FOREVER = 1000 * 60 * 60
local threads = {}

wrk.method = "POST"
wrk.path = "/v1/models/half_plus_two/versions/1:predict"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"instances":[1.0,2.0,5.0]}'

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  count = tonumber(arguments[1])
  sent = 0
  answered = 0
  bad = 0
end

-- Called before each request.  Without it wrk would go on asking.
function delay()
  if sent >= count then
    return FOREVER
  end
  started = started or now()
  sent = sent + 1
  if sent == count then
    steady = answered
    steady_time = now() - started
  end
  return 0
end

function response(status)
  answered = answered + 1
  if status ~= 200 then
    bad = bad + 1
  end
  if answered == count then
    local took = now() - started
    io.stdout:write(("finished: %d %d %d\n"):format(took, steady, steady_time))
    io.stdout:flush()
  end
end

function done(summary, latency)
  local errors = summary.errors
  print(("latency: %d %d %d %d"):format(threads[1]:get("answered"),
    threads[1]:get("bad") + errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
