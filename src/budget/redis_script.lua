-- The shared ledger: all that happens in Redis, each call one atomic step. The program carries this text
-- (budget/redis_script.h); src/budget/remote.c is the only caller. For Redis 5 and later, and Valkey.
--
-- KEYS, all with one hash tag:
--   meta    hash: "salt" of the hashes of keys (whoever comes first brings it), "seq" the number of the last event,
--           "in:" and a machine: when it was last here; "doubt": see hello()
--   events  sorted set: member by number. What has changed since a number is what stands behind it.
--   log     sorted set: requests by their time; with ":s:" and a service, ":p:" and a plan, ":sp:" and both, ":k:" and
--           a key behind the name those of that, for counting without reading
--   data    hash: member to its value, lines; the first is the machine that wrote it
--   expiry  sorted set: member by when nobody needs it any more
--   awaited set: machines that used a ledger which was here before this one and have not told yet what they know
-- Members:
--   r<id>                          a request: origin, at, keep, service, plan, key, model. One that is dated in the
--                                  future is a spare: its machine may send it while it cannot ask here
--   g<id>                          a request that is gone (given back): origin
--   b<service>\n<key>\n<model>     a cooldown: origin, set_at, until, stated, tries, probe, probe_until, message;
--                                  origin alone: it was lifted
--   m<origin>                      a machine that shares the ledger: origin
--   l<service>\n<period>\n<model>  a limit that the provider stated: origin, limit, kind of window, zone,
--                                  seen_at
-- Times are Unix ms of this server's clock: the machines' clocks differ, this one is for all.
--
-- ARGV: operation, salt, origin, cursor, then what the operation takes. The answer: verdict (1 yes, 0 no, -1 this is not
-- the ledger that you knew), now, number of the last event told, 1 if there are more, how long to wait in ms, the window
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

local function forget(members)
	for _, member in ipairs(members) do
		local service, plan, key = (redis.call('HGET', data, member) or ''):match(REQUEST)
		if service and member:sub(1, 1) == 'r' then
			for _, name in ipairs(logs_of(service, plan, key)) do
				redis.call('ZREM', name, member)
			end
		end
	end
	redis.call('ZREM', events, unpack(members))
	redis.call('ZREM', log, unpack(members))
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
	if at + keep > now then
		-- Told again, it may have a key that was not known before.
		if redis.call('HEXISTS', data, 'r' .. id) == 1 then
			forget({ 'r' .. id })
		end
		note('r' .. id, table.concat({ origin, int(at), int(keep), service, plan, key, model }, '\n'), at + keep)
		redis.call('ZADD', log, int(at), 'r' .. id)
		for _, name in ipairs(logs_of(service, plan, key)) do
			redis.call('ZADD', name, int(at), 'r' .. id)
			redis.call('PEXPIRE', name, UNUSED)
		end
	end
	return true
end

local function drop_request(id)
	forget({ 'r' .. id })
	note('g' .. id, origin, now + 2 * DAY)
end

-- Those from a time on that concern a service, a plan or a key, ascending; without the caller's spares.
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

-- --- windows ---

-- The beginning of a window that resets at once and end by this server's clock, where the caller's shows another day.
local function align(w)
	local turns = math.floor((now - w.from) / (w.to - w.from))
	local length = w.to - w.from
	w.from = w.from + turns * length
	w.to = w.to + turns * length
end

local function read_windows(first)
	local list = {}
	for i = first, #ARGV - 7, 8 do
		local w = { key = ARGV[i] == 'key', resets = ARGV[i + 1] ~= 'sliding', limit = tonumber(ARGV[i + 2]),
			kept = tonumber(ARGV[i + 3]), period = tonumber(ARGV[i + 4]), from = tonumber(ARGV[i + 5]),
			to = tonumber(ARGV[i + 6]), counts = matcher(ARGV[i + 7]), all = ARGV[i + 7] == '*' }
		if w.resets then
			align(w)
		else
			w.from = now - w.period + 1
		end
		list[#list + 1] = w
	end
	return list
end

-- Does a window that counts all models admit, by the number of its requests alone? Nearly always.
local function has_room(w, service, plan, key, mine)
	if not w.all then
		return false
	end
	local names = logs_of(service, plan, key)
	local function count(name)
		return name and redis.call('ZCOUNT', name, int(w.from), '+inf') or 0
	end
	w.used = (w.key and count(names[4]) or count(names[1]) + count(names[2]) - count(names[3])) - mine.count
	return w.used < w.limit - w.kept
end

-- How long a window says no; 0: it admits.
local function wait_for(w, list)
	local times = {}
	for i = 1, #list do
		local e = list[i]
		if e.at >= w.from and w.counts(e.model) and ((w.key and e.key) or (not w.key and e.machine)) then
			times[#times + 1] = e.at
		end
	end
	local free = w.limit - w.kept
	w.used = #times
	if #times < free then
		return 0
	end
	if w.resets then
		return math.max(w.to - now, 1)
	end
	-- So many must leave; where all of it is kept, one, so that there is something for those it is kept for.
	local leaver = free > 0 and times[#times - free + 1] or times[1] or now
	return math.max(leaver + w.period - now, 1)
end

-- --- cooldowns ---

-- As cooldown_judge(): how long a cooldown says no to this request; 0: it does not. Who finds out is written down.
local function judge(member, id, explicit)
	local value = redis.call('HGET', data, member)
	local set_at, till, stated, tries, probe, probe_until, message = (value or ''):match(
		'^[^\n]*\n(%d+)\n(%d+)\n(%d)\n(%d+)\n([^\n]*)\n(%d+)\n([^\n]*)$')
	if not set_at then
		return 0
	end
	till, probe_until = tonumber(till), tonumber(probe_until)
	if till > now then
		return till - now
	end
	if stated == '1' or now - till >= STALE then
		return 0
	end
	if probe ~= '' and probe ~= id and probe_until > now then
		return probe_until - now
	end
	if not explicit then
		return 1
	end
	note(member, table.concat({ origin, set_at, int(till), stated, tries, id, int(now + PROBE), message }, '\n'),
		now + PROBE + STALE)
	return 0
end

local function set_at_of(member)
	local value = redis.call('HGET', data, member) or ''
	return tonumber(value:match('^[^\n]*\n(%d+)\n')) or 0
end

-- --- spares ---

-- A machine's spares for one account and model are a field of meta: until when they may be sent, and their ids.
local function spares_field(service, plan, key, model)
	return 'spares:' .. table.concat({ origin, service, plan, key, model }, '\n')
end

-- Those that are there, in their order and by member.
local function read_spares(field)
	local mine = { ids = {} }
	local text = redis.call('HGET', meta, field) or '0'
	mine.till = tonumber(text:match('^%d+'))
	for id in text:gmatch(' (%x+)') do
		if redis.call('HEXISTS', data, 'r' .. id) == 1 then
			mine['r' .. id] = true
			mine.ids[#mine.ids + 1] = id
		end
	end
	mine.count = #mine.ids
	return mine
end

-- How many a machine may have: a quarter of what is left when the request is counted, shared by those who are here.
local function spares_allowed(windows)
	local free = nil
	for _, w in ipairs(windows) do
		free = math.min(free or w.limit, w.limit < SPARES_FROM and 0 or w.limit - w.used - 1)
	end
	local machines = 0
	local fields = redis.call('HGETALL', meta)
	for i = 1, #fields, 2 do
		if fields[i]:sub(1, 3) == 'in:' and tonumber(fields[i + 1]) > now - DAY then
			machines = machines + 1
		end
	end
	return math.max(0, math.min(MOST_SPARES, math.floor((free or 0) / (4 * math.max(machines, 1)))))
end

-- Makes so many of them be spares; new ids stand at ARGV[first] and behind. All are dated anew when one comes, one goes,
-- or half of their time is over: then the answer is the ids and until when, a time that only grows; else '' and 0.
local function keep_spares(field, first, count, allowed, mine, keep, service, plan, key, model)
	allowed = math.min(allowed, mine.count + count)
	if allowed == mine.count and (allowed == 0 or mine.till - now > SPARE / 2) then
		return '', 0
	end
	while #mine.ids > allowed do
		local id = table.remove(mine.ids)
		forget({ 'r' .. id })
		note('g' .. id, origin, now + 2 * DAY)
	end
	while #mine.ids < allowed do
		mine.ids[#mine.ids + 1] = ARGV[first + #mine.ids - mine.count]
	end
	local till = math.max(now + SPARE, mine.till + 1)
	for _, id in ipairs(mine.ids) do
		add_request(id, now + SPARE, keep + SPARE, service, plan, key, model)
	end
	local list = table.concat(mine.ids, ' ')
	redis.call('HSET', meta, field, int(till) .. ' ' .. list)
	return list, till
end

-- --- operations ---

local function reserve()
	local id, explicit, keep = ARGV[5], ARGV[6] == '1', tonumber(ARGV[7])
	local service, plan, key, model = ARGV[8], ARGV[9], ARGV[10], ARGV[11]
	local count = tonumber(ARGV[12])
	-- It is asked again because the answer was lost, or another process of its machine told of it meanwhile: that it is
	-- there does not mean that it was granted. It is decided anew, as if it were not there.
	if redis.call('HEXISTS', data, 'r' .. id) == 1 then
		forget({ 'r' .. id })
	end
	local wait, window = 0, 0
	for _, k in ipairs(key == '' and { '' } or { '', key }) do
		for _, m in ipairs({ '', model }) do
			wait = math.max(wait, judge('b' .. service .. '\n' .. k .. '\n' .. m, id, explicit))
		end
	end
	if wait > 0 then
		return answer(0, wait)
	end
	local windows = read_windows(13 + count)
	local field = spares_field(service, plan, key, model)
	local mine = read_spares(field)
	local doubt = redis.call('SCARD', awaited) > 0 and tonumber(redis.call('HGET', meta, 'doubt') or 0) or 0
	local from = nil
	for _, w in ipairs(windows) do
		-- What those who have not told may have used is taken for all.
		if w.from <= doubt then
			wait = math.max(wait, w.resets and w.to - now or doubt + w.period - now, 1)
			window = -1
		end
		w.roomy = has_room(w, service, plan, key, mine)
		if not w.roomy then
			from = math.min(from or now, w.from)
		end
	end
	if wait > 0 then
		return answer(0, wait, window)
	end
	local list = from and read_log(from, service, plan, key, mine)
	for i, w in ipairs(windows) do
		local here = w.roomy and 0 or wait_for(w, list)
		if here > wait then
			wait, window = here, i
		end
	end
	if wait > 0 then
		return answer(0, wait, window)
	end
	redis.call('HSET', meta, 'in:' .. origin, int(now))
	local added = add_request(id, now, keep, service, plan, key, model)
	local allowed = count > 0 and spares_allowed(windows) or mine.count
	local spares, till = keep_spares(field, 13, count, allowed, mine, keep, service, plan, key, model)
	settle()
	return answer(added and 1 or 0, 0, 0, spares, till)
end

-- What a machine wrote while nobody could be told. Any number of: r, g, b, u (a cooldown lifted), l.
local function push()
	local i = 5
	while i <= #ARGV do
		local kind = ARGV[i]
		if kind == 'r' then
			add_request(ARGV[i + 1], tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3]), ARGV[i + 4], ARGV[i + 5], ARGV[i + 6],
				ARGV[i + 7])
			i = i + 8
		elseif kind == 'g' then
			drop_request(ARGV[i + 1])
			i = i + 2
		elseif kind == 'b' then
			local set_at = tonumber(ARGV[i + 2]:match('^%d+'))
			if set_at_of('b' .. ARGV[i + 1]) <= set_at then
				note('b' .. ARGV[i + 1], origin .. '\n' .. ARGV[i + 2], tonumber(ARGV[i + 3]))
			end
			i = i + 4
		elseif kind == 'u' then
			if set_at_of('b' .. ARGV[i + 1]) <= tonumber(ARGV[i + 2]) then
				note('b' .. ARGV[i + 1], origin, now + 2 * DAY)
			end
			i = i + 3
		else
			note('l' .. ARGV[i + 1], origin .. '\n' .. ARGV[i + 2], tonumber(ARGV[i + 3]))
			i = i + 4
		end
	end
	settle()
	return answer(1)
end

-- All of it, row by row, because the names of the logs of services and keys stand in the rows.
local function forget_all()
	repeat
		local members = redis.call('ZRANGE', expiry, 0, 999)
		if #members > 0 then
			forget(members)
		end
	until #members == 0
	redis.call('DEL', unpack(KEYS))
end

-- A machine comes. It says which ledger it knew, and how far, and who shared that; if it is not this one, those are
-- awaited: until they have told what they know, nobody can know what was used before now ("doubt").
local function hello()
	local known = ARGV[5]
	local current = redis.call('HGET', meta, 'salt')
	-- An older copy of it: what has happened since is not in it.
	if current and current == known and tonumber(cursor) > tonumber(redis.call('HGET', meta, 'seq') or 0) then
		forget_all()
		current = false
	end
	if not current then
		redis.call('HSET', meta, 'salt', salt)
		current = salt
	end
	if known ~= '' and known ~= current then
		for i = 6, #ARGV do
			if ARGV[i] ~= origin and redis.call('HEXISTS', meta, 'in:' .. ARGV[i]) == 0 then
				redis.call('SADD', awaited, ARGV[i])
			end
		end
		redis.call('HSET', meta, 'doubt', int(now))
	end
	if origin ~= '' then
		note('m' .. origin, origin, now + 8 * DAY)
	end
	settle()
	return { current, now }
end

if op == 'hello' then
	return hello()
end
if redis.call('HGET', meta, 'salt') ~= salt or tonumber(cursor) > tonumber(redis.call('HGET', meta, 'seq') or 0) then
	return { -1, now, 0, 0, 0, 0, '', 0 }
end
if op == 'reserve' then
	return reserve()
elseif op == 'push' then
	return push()
elseif op == 'join' then
	-- It has told all that it knows.
	redis.call('SREM', awaited, origin)
	redis.call('HSET', meta, 'in:' .. origin, int(now))
end
return answer(1)
