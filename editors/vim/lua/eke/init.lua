--- What the rest shares: options, highlights, messages, the status. require('eke').setup{} is not needed; it sets options.
local M = {}

local defaults = {
  command = { 'eke', 'serve' },
  enabled = true,
  auto = true,
  filetypes = {},
  max_bytes = 4 * 1024 * 1024,
  settings = vim.empty_dict(),
  env = {},
  tab = true,
  ghost = true,
  chat_position = 'botright vertical',
  chat_width = 80,
  restart_delay = 500,
  notify = 'topright',
  keys = true,
  preview = true,
}
local chosen = {}

--- Sets options: those of :help eke-options, without the g:eke_ before them.
function M.setup(options)
  for name in pairs(options or {}) do
    if defaults[name] == nil then
      error(('eke: there is no option %s'):format(name))
    end
  end
  chosen = vim.tbl_extend('force', chosen, options or {})
  M.check_options()
end

local PLACES = { topright = true, botright = true, message = true }

local function fits(name, value)
  local default = defaults[name]
  if name == 'notify' then
    return type(value) == 'function' or type(value) == 'string' and (PLACES[value] or vim.fn.exists('*' .. value) == 1)
  elseif type(default) == 'boolean' then
    return type(value) == 'boolean' or type(value) == 'number'
  elseif type(default) == 'table' then
    return type(value) == 'table' and (next(value) == nil or vim.islist(value) == (name == 'command'))
  end
  return type(value) == type(default)
end

local function must_be(name)
  local default = defaults[name]
  local kind = name == 'notify' and "'topright', 'botright', 'message' or a function" or name == 'command' and 'a list'
    or type(default) == 'table' and 'a dictionary' or 'a ' .. type(default)
  return ('g:eke_%s must be %s; the default counts: %s'):format(name, kind, (vim.inspect(default):gsub('vim.empty_dict%(%)', '{}')))
end

local function set_to(name)
  if chosen[name] ~= nil then
    return chosen[name]
  end
  return vim.g['eke_' .. name]
end

local said = {} -- wrong values that the user was told of

--- Says what is wrong with them, all at once.
function M.check_options()
  local wrong = {}
  for name in vim.spairs(defaults) do
    local value = set_to(name)
    if value ~= nil and not fits(name, value) then
      said[name] = vim.inspect(value)
      wrong[#wrong + 1] = must_be(name)
    end
  end
  if #wrong > 0 then
    M.warn(table.concat(wrong, '\n'))
  end
end

local function truth(value)
  return value ~= nil and value ~= false and value ~= 0
end

--- The option that setup{} or g:eke_{name} set; its default where neither does, or to something that it cannot be. Switches are
--- booleans, 0 counts as false.
function M.option(name)
  local value = set_to(name)
  if value ~= nil and not fits(name, value) then
    if vim.v.vim_did_enter == 1 and said[name] ~= vim.inspect(value) then
      said[name] = vim.inspect(value)
      M.warn(must_be(name))
    end
    value = nil
  end
  if value == nil then
    value = defaults[name]
  end
  if type(defaults[name]) == 'boolean' then
    return truth(value)
  end
  return value
end

--- Is eke wanted in the buffer? b:eke_enabled goes before g:eke_filetypes, that before g:eke_enabled.
function M.wanted(buf)
  if not vim.api.nvim_buf_is_loaded(buf) or vim.bo[buf].buftype ~= '' or vim.api.nvim_buf_get_name(buf) == ''
    or vim.b[buf].eke_too_large then
    return false
  end
  if vim.b[buf].eke_enabled ~= nil then
    return truth(vim.b[buf].eke_enabled)
  end
  local types = vim.tbl_extend('keep', M.option('filetypes'), { gitcommit = false })
  local type = types[vim.bo[buf].filetype]
  if type == nil then
    type = types['*']
  end
  return M.option('enabled') and (type == nil or truth(type))
end

--- :EkeToggle [session|buffer|filetype]
function M.toggle(command)
  local what, client, filetype = command and command.args or '', require('eke.client'), vim.bo.filetype
  local on, where = not M.wanted(vim.api.nvim_get_current_buf()), ''
  if what == 'buffer' then
    vim.b.eke_enabled, where = on, ' in this buffer'
  elseif what == 'filetype' then
    vim.b.eke_enabled, where = nil, ' for ' .. filetype
    chosen.filetypes = vim.tbl_extend('force', M.option('filetypes'), { [filetype] = on })
  else
    on = not M.option('enabled')
    chosen.enabled = on
  end
  require('eke.ghost').leave()
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    client.visit(buf)
  end
  M.say((on and 'on' or 'off') .. where)
end

function M.highlight()
  vim.api.nvim_set_hl(0, 'EkeGhost', { default = true, ctermfg = 244, fg = '#808080' })
  local struck = { default = true, ctermfg = 244, fg = '#808080', strikethrough = true, cterm = { strikethrough = true } }
  vim.api.nvim_set_hl(0, 'EkeReplaced', struck)
end

-- Messages. Those that come by themselves must not ask for a key: long ones on Neovim's message line do. They stand in a box, one at
-- a time, that goes with <Esc>, or are given to whoever has taken the place of vim.notify.

local function is_own_notify()
  local source = debug.getinfo(vim.notify, 'S').source
  return source:find('?', 1, true) ~= nil or source:find('vim/_', 1, true) ~= nil -- without a file, or in Neovim's own
end

local box = nil
local keys = vim.api.nvim_create_namespace('eke.box')

local function close_box()
  vim.on_key(nil, keys)
  if box and vim.api.nvim_win_is_valid(box) then
    vim.api.nvim_win_close(box, true)
  end
  box = nil
end

local function float(text, highlight, place)
  close_box()
  local lines = M.wrap(text, math.min(60, math.max(20, vim.o.columns - 8)))
  local width = 20
  for _, line in ipairs(lines) do
    width = math.max(width, vim.fn.strdisplaywidth(line))
  end
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.bo[buf].bufhidden = 'wipe'
  local top = place:find('^top')
  local window = vim.api.nvim_open_win(buf, false, {
    relative = 'editor', anchor = top and 'NE' or 'SE', row = top and 1 or vim.o.lines - vim.o.cmdheight - 1, col = vim.o.columns,
    width = width, height = math.min(#lines, math.max(1, vim.o.lines - 6)), style = 'minimal', border = 'rounded',
    focusable = false, noautocmd = true, zindex = 200,
  })
  vim.wo[window].winhighlight = 'Normal:' .. highlight
  box = window
  vim.on_key(function(key)
    if key == '\27' and vim.fn.mode() == 'n' then
      vim.schedule(close_box)
    end
  end, keys)
  vim.defer_fn(function()
    if box == window then
      close_box()
    end
  end, 10000)
end

--- Lines of that width, broken between words.
function M.wrap(text, width)
  return vim.fn['eke#wrap'](text, width)
end

--- Cuts a line into pieces of so many columns.
function M.pieces(line, width)
  local pieces, piece, columns = {}, '', 0
  for _, char in ipairs(vim.fn.split(line, '\\zs')) do
    local wide = vim.fn.strdisplaywidth(char)
    if columns + wide > width then
      pieces[#pieces + 1], piece, columns = piece, '', 0
    end
    piece, columns = piece .. char, columns + wide
  end
  pieces[#pieces + 1] = piece
  return pieces
end

M.log = {}

function M.note(text)
  M.log[#M.log + 1] = os.date('%H:%M:%S ') .. text:gsub('\n', ' ')
  if #M.log > 100 then
    table.remove(M.log, 1)
  end
end

local function notify(text, level, highlight)
  M.note(text)
  local place = M.option('notify')
  vim.schedule(function()
    if not PLACES[place] then
      local call = type(place) == 'function' and place or vim.fn[place]
      call('eke: ' .. text, level == vim.log.levels.WARN and 'warning' or 'info')
    elseif place == 'message' then
      for line in vim.gsplit(text, '\n') do
        vim.api.nvim_echo({ { 'eke: ' .. line } }, true, {})
      end
    elseif is_own_notify() then
      float('eke: ' .. text, highlight, place)
    else
      vim.notify(text, level, { title = 'eke' })
    end
  end)
end

function M.say(text)
  -- In Insert mode "-- INSERT --" would soon stand there; without a line for it, it would ask for a key.
  if vim.fn.strdisplaywidth(text) + 5 > vim.v.echospace or text:find('\n') or vim.fn.mode():find('^[iR]')
    or vim.o.cmdheight == 0 then
    return notify(text, vim.log.levels.INFO, 'NormalFloat')
  end
  vim.api.nvim_echo({ { 'eke: ' .. text } }, true, {})
end

function M.warn(text)
  notify(text, vim.log.levels.WARN, 'WarningMsg')
end

--- For the user's own autocommands: User EkeChatDone and so on.
function M.event(name)
  vim.api.nvim_exec_autocmds('User', { pattern = name, modeline = false })
end

-- The status.

--- "2026-11-24T04:00:00Z" as hours and minutes here; seconds are not shown, and the minute after is never too early.
function M.local_time(time)
  local utc = vim.fn.strptime('%Y-%m-%dT%H:%M:%S', time:sub(1, 19))
  local sign, hours, minutes = vim.fn.strftime('%z', utc):match('([+-])(%d%d)(%d%d)')
  local offset = (tonumber(hours) * 60 + tonumber(minutes)) * (sign == '-' and -60 or 60)
  return vim.fn.strftime('%H:%M', utc + offset + 59)
end

--- For 'statusline': "eke 37/60"; with nothing left, or while the provider blocks, the time of the next one; "no key", "offline",
--- "error"; "…" while something is asked.
function M.statusline()
  local client = require('eke.client')
  if client.state ~= 'running' then
    return client.state == 'off' and '' or 'eke ' .. client.state
  end
  local status = client.status
  if status.kind == 'auth' or status.kind == 'noEndpoint' then
    return 'eke no key'
  end
  local words, found, budget = { 'eke' }, nil, status.budgets[1]
  for _, window in ipairs(budget and budget.windows or {}) do
    if not found or window.remaining * found.limit < found.remaining * window.limit then
      found = window
    end
  end
  if budget and budget.state == 'blocked' and budget.blockedUntil then
    words[#words + 1] = 'blocked until ' .. M.local_time(budget.blockedUntil)
  elseif found then
    words[#words + 1] = ('%d/%d'):format(found.remaining, found.limit)
    if found.remaining == 0 then
      words[#words + 1] = M.local_time(found.resetAt)
    end
  end
  if status.state == 'offline' or status.state == 'error' then
    words[#words + 1] = status.state
  elseif status.state == 'busy' then
    words[#words + 1] = '…'
  end
  return table.concat(words, ' ')
end

--- eke/didChangeStatus as it came last: state, message, kind, budgets; and whether the program runs.
function M.state()
  local client = require('eke.client')
  return vim.tbl_extend('force', client.status, { running = client.state == 'running' })
end

--- :EkeStatus; with no command's arguments (as a function) the state.
function M.status(command)
  if not command then
    return M.state()
  end
  local client = require('eke.client')
  client.request('budget/get', vim.empty_dict(), function(error, result)
    if error then
      return M.warn(error.message)
    end
    local status = client.status
    local lines = { ('version %s, %s%s'):format(client.version(), status.state, status.message == '' and '' or ': ' .. status.message) }
    for _, budget in ipairs(result.budgets) do
      for _, window in ipairs(budget.windows) do
        local models = window.models and ' and ' .. table.concat(window.models, ' ') or ''
        lines[#lines + 1] = ('%s: %d of %d requests left for this %s%s (plan %s); one comes back at %s'):format(budget.endpoint,
          window.remaining, window.limit, window.scope, models, budget.plan, M.local_time(window.resetAt))
      end
      if #budget.windows == 0 then
        lines[#lines + 1] = ('%s: not counted (plan %s)'):format(budget.endpoint, budget.plan)
      end
      if budget.reason then
        lines[#lines + 1] = '  ' .. budget.reason
      end
    end
    M.say(table.concat(lines, '\n'))
  end)
end

--- Why eke is off in the buffer, as far as that is decided here; '' if it is on.
function M.why_not(buf)
  local type = vim.bo[buf].filetype
  if vim.bo[buf].buftype ~= '' then
    return "this is no file ('buftype' is " .. vim.bo[buf].buftype .. ')'
  elseif vim.api.nvim_buf_get_name(buf) == '' then
    return 'the buffer has no name; :write NAME gives it one'
  elseif vim.b[buf].eke_too_large then
    return ('the file is larger than g:eke_max_bytes (%d bytes)'):format(M.option('max_bytes'))
  elseif vim.b[buf].eke_enabled ~= nil and not truth(vim.b[buf].eke_enabled) then
    return 'b:eke_enabled is off in this buffer; :EkeToggle buffer switches it on'
  elseif not M.wanted(buf) then
    return M.option('enabled') and 'g:eke_filetypes is against the filetype "' .. type .. '"; :EkeToggle filetype switches it on'
      or 'eke is switched off; :EkeToggle switches it on'
  elseif vim.o.paste then
    return "'paste' is set"
  elseif not M.option('auto') then
    return 'g:eke_auto is off: they come on <Plug>(eke-suggest) alone'
  elseif not M.option('ghost') then
    return 'g:eke_ghost is off: this plugin shows none'
  end
  return ''
end

--- Why there is, or is not, a completion at the cursor.
function M.explain()
  local text, client = require('eke.text'), require('eke.client')
  local buf = vim.api.nvim_get_current_buf()
  local why = M.why_not(buf)
  if why ~= '' then
    return M.say('no completions here: ' .. why)
  end
  client.ready(function()
    client.visit(buf)
    local params = { textDocument = { uri = text.uri(0) }, position = text.position() }
    client.request('completion/explain', params, function(error, result)
      M.say(error and 'the program does not have this buffer: ' .. error.message or vim.fn['eke#in_words'](result, client.status))
    end, buf)
  end)
end

-- For other plugins and the user's own maps; what is not here already.

--- Is ghost text on the screen?
function M.visible()
  return require('eke.ghost').visible()
end

--- Takes what is shown: 'all' of it, a 'word' or a 'line'. To be called in Insert mode.
function M.accept(what)
  require('eke.ghost').accept(what or 'all')
end

function M.dismiss()
  require('eke.ghost').dismiss()
end

function M.suggest()
  require('eke.ghost').suggest(1)
end

--- The next candidate, or with -1 the one before.
function M.next(step)
  require('eke.ghost').cycle(step or 1)
end

return M
