-- The second half of the script that begins with redis_ledger.lua: what is decided, and the operations.

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
	w.used = (w.key and count(names[4]) or count(names[1]) + count(names[2]) - count(names[3])) - mine.own
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

-- Those that are there, in their order, and by member with the request that is asked about: what does not count against it.
local function read_spares(field, request)
	local mine = { ids = {}, [request] = true }
	local text = redis.call('HGET', meta, field) or '0'
	mine.till = tonumber(text:match('^%d+'))
	for id in text:gmatch(' (%x+)') do
		if redis.call('HEXISTS', data, 'r' .. id) == 1 then
			mine['r' .. id] = true
			mine.ids[#mine.ids + 1] = id
		end
	end
	mine.count = #mine.ids
	-- The request may be there already: its question was asked before, or another process of its machine told of it.
	mine.own = mine.count + redis.call('HEXISTS', data, request)
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
-- half of their time is over, or the machine has another list (`have`: until when its own may be sent), as the answer with
-- this one was lost: then the answer is the ids and until when, a time that only grows; else '' and 0. One that goes counts
-- until its machine, which may be sending it, gives it back.
local function keep_spares(field, first, count, allowed, mine, have, keep, service, plan, key, model)
	allowed = math.min(allowed, mine.count + count)
	if allowed == mine.count and have == mine.till and (allowed == 0 or mine.till - now > SPARE / 2) then
		return '', 0
	end
	while #mine.ids > allowed do
		table.remove(mine.ids)
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

local function lost()
	return { -1, now, 0, 0, 0, 0, '', 0 }
end

local function reserve()
	local id, explicit, keep = ARGV[5], ARGV[6] == '1', tonumber(ARGV[7])
	local service, plan, key, model = ARGV[8], ARGV[9], ARGV[10], ARGV[11]
	local have, count = tonumber(ARGV[12]), tonumber(ARGV[13])
	for _, name in ipairs(logs_of(service, plan, key)) do
		-- One that nobody has counted is left over from a ledger that is gone.
		if redis.call('HEXISTS', meta, 'n:' .. name) == 0 then
			redis.call('DEL', name)
		elseif not is_whole(name) then
			-- Which hello() cannot see.
			redis.call('HDEL', meta, 'salt')
			return lost()
		end
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
	local windows = read_windows(14 + count)
	local field = spares_field(service, plan, key, model)
	-- That the request is there does not mean that it was granted: it is decided as if it were not. It stays there, as this
	-- may be an old question that arrives late, and the request was sent long ago.
	local mine = read_spares(field, 'r' .. id)
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
	-- Another process of this machine may be sending the spares: it is room only with one of them.
	for _, w in ipairs(windows) do
		if w.used + mine.count >= w.limit then
			local spares, till = keep_spares(field, 14, 0, mine.count, mine, have, keep, service, plan, key, model)
			settle()
			return answer(2, 1000, 0, spares, till)
		end
	end
	local added = add_request(id, now, keep, service, plan, key, model)
	local allowed = count > 0 and spares_allowed(windows) or mine.count
	local spares, till = keep_spares(field, 14, count, allowed, mine, have, keep, service, plan, key, model)
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

local function forget_all()
	for _, field in ipairs(redis.call('HKEYS', meta)) do
		if field:sub(1, 2) == 'n:' then
			redis.call('DEL', field:sub(3))
		end
	end
	redis.call('DEL', unpack(KEYS))
end

local function await(machine)
	if redis.call('HEXISTS', meta, 'in:' .. machine) == 0 then
		redis.call('SADD', awaited, machine)
	end
	redis.call('HSET', meta, 'awaiting', redis.call('SCARD', awaited))
end

-- Which run of the server this is; '' where that may not be asked.
local function run_id()
	local info = redis.pcall('INFO', 'server')
	return type(info) == 'string' and info:match('run_id:(%x+)') or ''
end

-- Whoever comes first after a start of the server writes down how far the events had come.
local function note_run()
	local run = run_id()
	if redis.call('HGET', meta, 'run') ~= run then
		redis.call('HSET', meta, 'run', run, 'floor', redis.call('HGET', meta, 'seq') or '0')
	end
	return run
end

-- Is this, to a machine that knew it, an older copy, in which what has happened since is missing? It has fewer events then;
-- or had when the server started, and machines that came before this one have written others with the same numbers.
local function is_older_copy(run)
	local seq = tonumber(redis.call('HGET', meta, 'seq') or 0)
	if redis.call('HGET', meta, 'run:' .. origin) ~= run then
		seq = math.min(seq, tonumber(redis.call('HGET', meta, 'floor')))
	end
	return tonumber(cursor) > seq
end

-- A machine comes. It says which ledger it knew, and how far, and who shared that; if it is not this one, those are
-- awaited, and itself: until they have told what they know, nobody can know what was used before now ("doubt").
local function hello()
	local known = ARGV[5]
	local current = redis.call('HGET', meta, 'salt')
	local run = note_run()
	if not current or not intact() or (current == known and is_older_copy(run)) then
		forget_all()
		redis.call('HSET', meta, 'salt', salt)
		note_run()
		current = salt
	end
	if known ~= '' and known ~= current then
		for i = 6, #ARGV do
			await(ARGV[i])
		end
		await(origin)
		redis.call('HSET', meta, 'doubt', int(now))
	end
	redis.call('HSET', meta, 'run:' .. origin, run)
	if origin ~= '' then
		note('m' .. origin, origin, now + 8 * DAY)
	end
	settle()
	return { current, now }
end

if op == 'hello' then
	return hello()
end
if redis.call('HGET', meta, 'salt') ~= salt or tonumber(cursor) > tonumber(redis.call('HGET', meta, 'seq') or 0) or
	not intact() then
	return lost()
end
if op == 'reserve' then
	return reserve()
elseif op == 'push' then
	return push()
elseif op == 'join' then
	-- It has told all that it knows.
	redis.call('SREM', awaited, origin)
	redis.call('HSET', meta, 'awaiting', redis.call('SCARD', awaited))
	redis.call('HSET', meta, 'in:' .. origin, int(now))
end
return answer(1)
