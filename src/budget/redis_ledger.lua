-- The shared ledger: all that happens in Redis, each call one atomic step. The program carries this text, with that of
-- redis_script.lua behind it (budget/redis_script.h); src/budget/remote.c is the only caller. For Redis 5 and later, and
-- Valkey. Here: what is kept, and how it is written and read.
--
-- KEYS, all with one hash tag:
--   meta    hash: "salt" of the hashes of keys (whoever comes first brings it), "seq" the number of the last event,
--           "in:" and a machine: when it was last here; "doubt", "run", "floor", "run:" and a machine: see hello();
--           "n:" and the name of a log, "awaiting": how many are in it, and in awaited; see intact()
--   events  sorted set: member by number. What has changed since a number is what stands behind it.
--   log     sorted set: requests by their time; with ":s:" and a service, ":p:" and a plan, ":sp:" and both, ":k:" and
--           a key behind the name those of that, for counting without reading
--   data    hash: member to its value, lines; the first is the machine that wrote it
--   expiry  sorted set: member by when nobody needs it any more
--   awaited set: machines that used a ledger which was here before this one and have not told yet what they know
-- Members:
--   r<id>                          a request: origin, at, keep, service, plan, key, model. One that is dated in the
--                                  future is a spare: its machine may send it while it cannot ask here. It counts until
--                                  its machine has given it back: only the machine knows what it has sent
--   g<id>                          a request that is gone (given back): origin
--   b<service>\n<key>\n<model>     a cooldown: origin, set_at, until, stated, tries, probe, probe_until, message;
--                                  origin alone: it was lifted
--   m<origin>                      a machine that shares the ledger: origin
--   l<service>\n<period>\n<model>  a limit that the provider stated: origin, limit, kind of window, zone,
--                                  seen_at
-- Times are Unix ms of this server's clock: the machines' clocks differ, this one is for all.
--
-- ARGV: operation, salt, origin, cursor, then what the operation takes. The answer: verdict (2 yes, by one of your spares,
-- 1 yes, 0 no, -1 this is not the ledger that you knew), now, number of the last event told, 1 if there are more, how long to wait in ms, the window
-- that said no (0: none, -1: not all have told what they know), the ids of the machine's spares for that account and model
-- and until when they may be sent (0: as before), then member and value of each event behind the cursor that another machine wrote.

local meta, events, log, data, expiry, awaited = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local op, salt, origin, cursor = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local MOST_NEWS = 256
local TIDY = 100
local DAY = 86400000
-- For how long a spare may be sent; it is moved on when half of that is over.
local SPARE = 600000
local MOST_SPARES = 16
-- Windows that count less have no spares: each would be a large part.
local SPARES_FROM = 20
-- As long as the longest window, and some days.
local UNUSED = 400 * DAY
-- As in budget/cooldown.h.
local PROBE = 120000
local STALE = 3600000

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function int(n)
	return string.format('%.0f', n)
end

local function note(member, value, goes)
	redis.call('ZADD', events, redis.call('HINCRBY', meta, 'seq', 1), member)
	redis.call('HSET', data, member, value)
	redis.call('ZADD', expiry, int(goes), member)
end

-- The names of the logs that a request is in, beside the one of all.
local function logs_of(service, plan, key)
	local names = { log .. ':s:' .. service, log .. ':p:' .. plan, log .. ':sp:' .. service .. '\n' .. plan }
	if key ~= '' then
		names[4] = log .. ':k:' .. key
	end
	return names
end

local REQUEST = '^[^\n]*\n[^\n]*\n[^\n]*\n([^\n]*)\n([^\n]*)\n([^\n]*)\n(.*)$'

-- A log and how many are in it.
local function put_into(name, at, member)
	if redis.call('HEXISTS', meta, 'n:' .. name) == 0 then
		redis.call('DEL', name)
	end
	redis.call('HINCRBY', meta, 'n:' .. name, redis.call('ZADD', name, int(at), member))
	redis.call('PEXPIRE', name, UNUSED)
end

local function take_out_of(name, member)
	local gone = redis.call('ZREM', name, member)
	if gone > 0 and redis.call('HINCRBY', meta, 'n:' .. name, -gone) <= 0 then
		redis.call('HDEL', meta, 'n:' .. name)
	end
end

local function is_whole(name)
	return redis.call('ZCARD', name) == tonumber(redis.call('HGET', meta, 'n:' .. name) or 0)
end

-- A server that is short of memory may throw single keys away, and people delete them: then it is not the ledger any more.
local function intact()
	local count = redis.call('HLEN', data)
	return redis.call('ZCARD', events) == count and redis.call('ZCARD', expiry) == count and is_whole(log) and
		redis.call('SCARD', awaited) == tonumber(redis.call('HGET', meta, 'awaiting') or 0)
end

local function forget(members)
	for _, member in ipairs(members) do
		local service, plan, key = (redis.call('HGET', data, member) or ''):match(REQUEST)
		if service and member:sub(1, 1) == 'r' then
			for _, name in ipairs(logs_of(service, plan, key)) do
				take_out_of(name, member)
			end
			take_out_of(log, member)
		end
	end
	redis.call('ZREM', events, unpack(members))
	redis.call('HDEL', data, unpack(members))
	redis.call('ZREM', expiry, unpack(members))
end

-- After a change: what is over goes, and all of it when nobody comes any more.
local function settle()
	local over = redis.call('ZRANGEBYSCORE', expiry, '-inf', int(now), 'LIMIT', 0, TIDY)
	if #over > 0 then
		forget(over)
	end
	for i = 1, #KEYS do
		redis.call('PEXPIRE', KEYS[i], UNUSED)
	end
end

local function answer(verdict, wait, window, spares, spares_until)
	local found = redis.call('ZRANGEBYSCORE', events, '(' .. cursor, '+inf', 'WITHSCORES', 'LIMIT', 0, MOST_NEWS)
	local last = tonumber(redis.call('HGET', meta, 'seq') or 0)
	local more = #found == 2 * MOST_NEWS
	local out = { verdict, now, more and tonumber(found[#found]) or last, more and 1 or 0, wait or 0, window or 0,
		spares or '', spares_until or 0 }
	for i = 1, #found, 2 do
		local value = redis.call('HGET', data, found[i]) or ''
		if value:match('^[^\n]*') ~= origin then
			out[#out + 1] = found[i]
			out[#out + 1] = value
		end
	end
	return out
end

-- --- requests ---

local function add_request(id, at, keep, service, plan, key, model)
	-- What was given back stays so, in whichever order the two arrive.
	if redis.call('HEXISTS', data, 'g' .. id) == 1 then
		return false
	end
	if at > now + SPARE then
		at = now
	end
	local there_at, there_keep, there_key = (redis.call('HGET', data, 'r' .. id) or ''):match(
		'^[^\n]*\n(%d+)\n(%d+)\n[^\n]*\n[^\n]*\n([^\n]*)\n')
	-- Told again, it may have a key that was not known before, or come from one who does not know its key; it counts for as
	-- long as anybody says.
	if there_at then
		at, keep = math.max(at, tonumber(there_at)), math.max(keep, tonumber(there_keep))
		key = key == '' and there_key or key
	end
	if at + keep > now then
		if there_at then
			forget({ 'r' .. id })
		end
		note('r' .. id, table.concat({ origin, int(at), int(keep), service, plan, key, model }, '\n'), at + keep)
		put_into(log, at, 'r' .. id)
		for _, name in ipairs(logs_of(service, plan, key)) do
			put_into(name, at, 'r' .. id)
		end
	end
	return true
end

local function drop_request(id)
	forget({ 'r' .. id })
	note('g' .. id, origin, now + 2 * DAY)
end

-- Those from a time on that concern a service, a plan or a key, ascending; without those that are the caller's own.
local function read_log(from, service, plan, key, mine)
	local members = redis.call('ZRANGEBYSCORE', log, int(from), '+inf', 'WITHSCORES')
	local list = {}
	for first = 1, #members, 2000 do
		local chunk = {}
		for i = first, math.min(first + 1998, #members), 2 do
			chunk[#chunk + 1] = members[i]
		end
		local values = redis.call('HMGET', data, unpack(chunk))
		for i = 1, #chunk do
			local s, p, k, m = (values[i] or ''):match(REQUEST)
			if s and not mine[chunk[i]] and (s == service or p == plan or (key ~= '' and k == key)) then
				list[#list + 1] = { at = tonumber(members[first + 2 * i - 1]), machine = s == service or p == plan,
					key = key ~= '' and k == key, model = m }
			end
		end
	end
	return list
end

-- '*' stands for any characters; what a pattern behind a '!' matches does not count.
local function matcher(patterns)
	local known = {}
	return function(model)
		if known[model] == nil then
			local counts, excluded = false, false
			for pattern in patterns:gmatch('[^\n]+') do
				local name = pattern:gsub('^!', '')
				local lua = '^' .. name:gsub('[%^%$%(%)%%%.%[%]%+%-%?]', '%%%0'):gsub('%*+', '.*') .. '$'
				local found = model:find(lua) ~= nil
				if name == pattern then counts = counts or found else excluded = excluded or found end
			end
			known[model] = counts and not excluded
		end
		return known[model]
	end
end
