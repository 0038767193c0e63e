-- SPDX-License-Identifier: LGPL-2.1-or-later
-- For wrk: wrk -s load.lua ADDRESS -- COUNT [FILE].  Each thread sends COUNT different predictions, or
-- until that file is there, checks each answer, and says "finished" after the last one; wrk itself
-- goes on until its time is over or it gets SIGINT.
-- Then one line tells the sum: REQUESTS WRONG NON-2XX CONNECT READ WRITE TIMEOUT.

local threads = {}
-- A delay, in milliseconds, that never ends: for a connection that has nothing more to send.
local FOREVER = 1000 * 60 * 60

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(arguments)
  count = tonumber(arguments[1])
  path = arguments[2]
  sent = 0
  answered = 0
  wrong = 0
  bad = 0
  asked = 0
end

local function check_finished()
  if answered == count then
    io.stdout:write("finished\n")
    io.stdout:flush()
    wrk.thread:stop()
  end
end

-- Whether nothing more is to be sent.  What was sent then is all that is waited for.
local function is_over()
  local file = path and sent < count and io.open(path)
  if file then
    file:close()
    count = sent
    check_finished()
  end
  return sent >= count
end

-- Called before each request.  Without it wrk would go on asking, and give up what is in flight.
function delay()
  if is_over() then
    return FOREVER
  end
  sent = sent + 1
  return 0
end

function request()
  asked = asked + 1
  local value = number * 1000000 + asked
  local headers = {
    ["Content-Type"] = "application/json",
    ["X-Request-Id"] = tostring(value),
  }
  local body = '{"model":"half_plus_two","version":1,"instances":[' .. value .. ',-1]}'
  return wrk.format("POST", "/predict", headers, body)
end

-- wrk does not tell which request an answer is for; the daemon does, with the id that it echoes.
function response(status, headers, body)
  local value = tonumber(headers["X-Request-Id"])
  local list = body:match('^%s*{%s*"predictions":%s*%[([^%]]*)%]%s*}%s*$') or ""
  local first, second = list:match("^%s*([%d.e+-]+),%s*([%d.e+-]+)%s*$")
  if status < 200 or status > 299 then
    bad = bad + 1
    if bad <= 3 then
      print(("bad: %d %s"):format(status, body))
    end
  elseif not value or tonumber(first) ~= value * 0.5 + 2 or tonumber(second) ~= 1.5 then
    wrong = wrong + 1
    if wrong <= 3 then
      print(("wrong: asked %s, got %s"):format(tostring(value), body))
    end
  end
  answered = answered + 1
  check_finished()
end

function done(summary)
  local total = { answered = 0, wrong = 0, bad = 0 }
  for _, thread in ipairs(threads) do
    for name in pairs(total) do
      total[name] = total[name] + thread:get(name)
    end
  end
  local errors = summary.errors
  print(("sum: %d %d %d %d %d %d %d"):format(total.answered, total.wrong, total.bad, errors.connect,
    errors.read, errors.write, errors.timeout))
end
