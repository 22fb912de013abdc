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
end

local function truth(value)
  return value ~= nil and value ~= false and value ~= 0
end

--- The option that setup{} or g:eke_{name} set, or its default. Switches are booleans, 0 counts as false.
function M.option(name)
  local value = chosen[name]
  if value == nil then
    value = vim.g['eke_' .. name]
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
  local types = M.option('filetypes')
  local type = types[vim.bo[buf].filetype]
  if type == nil then
    type = types['*']
  end
  return M.option('enabled') and (type == nil or truth(type))
end

function M.toggle()
  chosen.enabled = not M.option('enabled')
  require('eke.ghost').leave()
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    require('eke.client').visit(buf)
  end
  M.say(chosen.enabled and 'on' or 'off')
end

function M.highlight()
  vim.api.nvim_set_hl(0, 'EkeGhost', { default = true, ctermfg = 244, fg = '#808080' })
  local struck = { default = true, ctermfg = 244, fg = '#808080', strikethrough = true, cterm = { strikethrough = true } }
  vim.api.nvim_set_hl(0, 'EkeReplaced', struck)
end

-- Messages. Those that come by themselves must not ask for a key: long ones on Neovim's message line do.

local function is_own_notify()
  local source = debug.getinfo(vim.notify, 'S').source
  return source:find('?', 1, true) ~= nil or source:find('vim/_', 1, true) ~= nil -- without a file, or in Neovim's own
end

local function float(text, highlight)
  local width = math.min(60, math.max(20, vim.o.columns - 8))
  local lines = {}
  for _, line in ipairs(vim.split(text, '\n')) do
    vim.list_extend(lines, M.wrap(line, width))
  end
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.bo[buf].bufhidden = 'wipe'
  local window = vim.api.nvim_open_win(buf, false, {
    relative = 'editor', anchor = 'NE', row = 1, col = vim.o.columns, width = width, height = #lines,
    style = 'minimal', border = 'rounded', focusable = false, noautocmd = true,
  })
  vim.wo[window].winhighlight = 'Normal:' .. highlight
  vim.defer_fn(function()
    if vim.api.nvim_win_is_valid(window) then
      vim.api.nvim_win_close(window, true)
    end
  end, 10000)
end

--- Cuts a line into pieces of so many columns.
function M.wrap(line, width)
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
  vim.schedule(function()
    if is_own_notify() then
      float('eke: ' .. text, highlight)
    else
      vim.notify(text, level, { title = 'eke' })
    end
  end)
end

function M.say(text)
  if vim.fn.strdisplaywidth(text) + 5 > vim.v.echospace or text:find('\n') then
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

--- "2026-11-24T04:00:00Z" as hours and minutes here.
function M.local_time(time)
  local utc = vim.fn.strptime('%Y-%m-%dT%H:%M:%S', time:sub(1, 19))
  local sign, hours, minutes = vim.fn.strftime('%z', utc):match('([+-])(%d%d)(%d%d)')
  local offset = (tonumber(hours) * 60 + tonumber(minutes)) * (sign == '-' and -60 or 60)
  return vim.fn.strftime('%H:%M', utc + offset)
end

--- For 'statusline': "eke 37/60"; with nothing left and the time of the next one, "eke 0/60 14:05".
function M.statusline()
  local client = require('eke.client')
  if client.state ~= 'running' then
    return client.state == 'off' and '' or 'eke ' .. client.state
  end
  local words, found = { 'eke' }, nil
  for _, window in ipairs(client.status.budgets[1] and client.status.budgets[1].windows or {}) do
    if not found or window.remaining * found.limit < found.remaining * window.limit then
      found = window
    end
  end
  if found then
    words[#words + 1] = ('%d/%d'):format(found.remaining, found.limit)
    if found.remaining == 0 then
      words[#words + 1] = M.local_time(found.resetAt)
    end
  end
  if client.status.state == 'offline' or client.status.state == 'error' then
    words[#words + 1] = client.status.state
  elseif client.status.state == 'busy' then
    words[#words + 1] = '…'
  end
  return table.concat(words, ' ')
end

function M.status()
  local client = require('eke.client')
  client.request('budget/get', vim.empty_dict(), function(error, result)
    if error then
      return M.warn(error.message)
    end
    local status = client.status
    local lines = { ('%s, %s%s'):format(client.version(), status.state, status.message == '' and '' or ': ' .. status.message) }
    for _, budget in ipairs(result.budgets) do
      for _, window in ipairs(budget.windows) do
        local models = window.models and ' ' .. table.concat(window.models, ' ') or ''
        lines[#lines + 1] = ('%s (%s): %d of %d left, %s%s, next at %s'):format(budget.endpoint, budget.plan,
          window.remaining, window.limit, window.scope, models, M.local_time(window.resetAt))
      end
      if #budget.windows == 0 then
        lines[#lines + 1] = ('%s (%s): not counted'):format(budget.endpoint, budget.plan)
      end
      if budget.reason then
        lines[#lines + 1] = '  ' .. budget.reason
      end
    end
    M.say(table.concat(lines, '\n'))
  end)
end

--- Why there is, or is not, a completion at the cursor.
function M.explain()
  local text, client = require('eke.text'), require('eke.client')
  local params = { textDocument = { uri = text.uri(0) }, position = text.position() }
  client.request('completion/explain', params, function(error, result)
    M.say(error and error.message or result.decision .. ': ' .. result.reason)
  end, vim.api.nvim_get_current_buf())
end

return M
