-- SPDX-License-Identifier: LGPL-2.1-or-later
-- For wrk: sends the same prediction again and again, and at the end tells in one line
-- "latency: REQUESTS BAD MICROSECONDS": what 99 of 100 took at most.

wrk.method = "POST"
wrk.path = "/predict"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"model":"half_plus_two","version":1,"instances":[1.0,2.0,5.0]}'

function done(summary, latency)
  local errors = summary.errors
  print(("latency: %d %d %d"):format(summary.requests,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(99)))
end
