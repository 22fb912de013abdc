--- The server as a client of vim.lsp, which keeps documents, positions, edits and questions. Here is its life: started when a
--- buffer wants it, again after a crash with growing pauses, given up after the fifth crash within three minutes.
local eke = require('eke')

local M = {
  state = 'off', -- off, starting, running, restarting, failed, stopped
  words = {}, -- the last lines of its standard error
}

local PROTOCOL = 1
local CRASHES = 5
local CRASH_MS = 180000

local idle = { state = 'idle', message = '', budgets = {} }
M.status = idle
local id = nil -- of the client
local crashes = {}
local waiting = {} -- what to call when it is up
local asked = {} -- number of a request that a buffer waits for: the buffer, and what to call with the answer
local watched = {} -- buffers
local deaf = {} -- buffers that vim.lsp does not watch any more without knowing it
local status_of_exit -- of the process that ran last

local newer = vim.fn.has('nvim-0.11') == 1

--- Methods are called with a dot before Neovim 0.11.
local function method(client, name, ...)
  if newer then
    return client[name](client, ...)
  end
  return client[name](...)
end

function M.client()
  return id and vim.lsp.get_client_by_id(id) or nil
end

function M.version()
  local client = M.client()
  return client and client.server_info and client.server_info.version or M.server_version or ''
end

local function fail(why)
  M.state = 'failed'
  waiting = {}
  eke.warn(why)
  vim.schedule_wrap(vim.cmd.redrawstatus)({ bang = true })
end

-- What the server sends.

local handlers = {
  ['$/progress'] = function(_, params)
    require('eke.chat').progress(params)
  end,
  ['eke/didCreateChat'] = function(_, params)
    require('eke.chat').created(params)
  end,
  ['eke/didChangeStatus'] = function(_, params)
    M.status = vim.tbl_extend('force', idle, params)
    vim.cmd.redrawstatus({ bang = true })
    eke.event('EkeStatusChanged')
  end,
  ['window/showMessage'] = function(_, params)
    eke.warn(params.message)
    return vim.NIL
  end,
  ['window/logMessage'] = function(_, params)
    eke.note(params.message)
  end,
  ['window/showMessageRequest'] = function(_, params)
    return require('eke.edit').question(params)
  end,
}

-- Start and end.

local function on_init(client, result)
  M.server_version = (result.serverInfo or {}).version
  local experimental = result.capabilities.experimental
  local protocol = type(experimental) == 'table' and (experimental.eke or {}).protocol or 0
  if protocol ~= PROTOCOL then
    id = nil
    vim.schedule(function()
      method(client, 'stop', true)
    end)
    return fail(protocol == 0 and table.concat(eke.option('command'), ' ') .. ' is no eke: set g:eke_command'
      or ('eke %s speaks protocol %d and this plugin %d: update the older of the two'):format(M.server_version, protocol, PROTOCOL))
  end
  M.state = 'running'
  vim.schedule(function()
    for _, buf in ipairs(vim.api.nvim_list_bufs()) do
      M.visit(buf)
    end
    if vim.fn.mode():find('^[iR]') then
      require('eke.ghost').moved()
    end
    local again = waiting
    waiting = {}
    for _, callback in ipairs(again) do
      callback()
    end
    vim.cmd.redrawstatus({ bang = true })
  end)
end

local function pause(code)
  local now = vim.uv.now()
  crashes = vim.tbl_filter(function(when)
    return now - when < CRASH_MS
  end, crashes)
  crashes[#crashes + 1] = now
  if #crashes > CRASHES then
    return fail(
      ('the server ended %d times within 3 minutes (status %d). '):format(#crashes, code)
        .. ':EkeDoctor says more, :EkeRestart tries again'
    )
  end
  M.state = 'restarting'
  local text = ('the server ended (status %d) and is started again'):format(code)
  if #crashes == 1 then
    eke.warn(text)
  else
    eke.note(text)
  end
  vim.defer_fn(function()
    if M.state == 'restarting' then
      M.state = 'off'
      M.start()
    end
  end, eke.option('restart_delay') * 2 ^ (#crashes - 1))
end

--- The process; its end is told in our words alone.
local function spawn(command, env)
  return function(dispatchers)
    local own
    own = vim.tbl_extend('force', dispatchers, {
      on_exit = function(code, signal)
        own.status = code ~= 0 and code or signal
        dispatchers.on_exit(0, 0)
      end,
    })
    status_of_exit = function()
      return own.status or 0
    end
    return vim.lsp.rpc.start(command, own, { env = env })
  end
end

--- There are no answers any more to what was asked.
local function lost()
  local all = asked
  asked = {}
  M.status = idle
  require('eke.chat').lost()
  for _, one in pairs(all) do
    one.callback({ code = -32803, message = 'the server ended' })
  end
end

local function on_exit(_, _, exited)
  vim.schedule(function()
    if exited ~= id then
      return
    end
    id = nil
    lost()
    if M.state ~= 'failed' and M.state ~= 'stopped' then
      pause(status_of_exit())
    end
  end)
end

function M.start()
  if M.state ~= 'off' then
    return
  end
  local command = eke.option('command')
  if type(command) ~= 'table' or type(command[1]) ~= 'string' then
    return fail("g:eke_command must be a list, such as ['eke', 'serve']")
  elseif vim.fn.executable(command[1]) == 0 then
    return fail(
      ('cannot find the program %s. Install eke, or set '):format(command[1])
        .. "g:eke_command = ['/path/to/eke', 'serve'], then :EkeRestart"
    )
  end
  M.state = 'starting'
  local config = {
    name = 'eke',
    cmd = spawn(command, next(eke.option('env')) and eke.option('env') or nil),
    root_dir = vim.uv.cwd(),
    flags = { debounce_text_changes = 0 },
    init_options = {
      eke = next(eke.option('settings')) and eke.option('settings') or vim.empty_dict(),
      editor = { name = 'Neovim', version = tostring(vim.version()) },
    },
    handlers = handlers,
    on_init = on_init,
    on_exit = on_exit,
  }
  id = newer and vim.lsp.start(config, { attach = false, reuse_client = function() return false end })
    or not newer and vim.lsp.start_client(config)
  if not id then
    fail('cannot start ' .. table.concat(command, ' ') .. '; :EkeDoctor')
  end
end

--- The first time that something is typed into a buffer for eke starts the server; to look at files takes none.
function M.begin(buf)
  if eke.wanted(buf) then
    M.start()
    M.visit(buf)
  end
end

local function upvalue(fn, name)
  for i = 1, 60 do
    local found, value = debug.getupvalue(fn, i)
    if found == name then
      return value
    end
  end
end

--- vim.lsp (0.10 to 0.12) stops watching a buffer that is edited while it has no client, and does not remember that: the next client
--- would never hear of a change.
local function watch(buf)
  if deaf[buf] and #vim.lsp.get_clients({ bufnr = buf }) == 0 then
    local attach = upvalue(vim.lsp.buf_attach_client, 'buf_attach')
    local attached = attach and upvalue(attach, 'attached_buffers')
    if type(attached) == 'table' then
      attached[buf] = nil
    end
  end
  deaf[buf] = nil
  if not watched[buf] then
    watched[buf] = vim.api.nvim_buf_attach(buf, false, {
      on_lines = function()
        deaf[buf] = deaf[buf] or #vim.lsp.get_clients({ bufnr = buf, _uninitialized = true }) == 0
      end,
      on_reload = function() end,
      on_detach = function()
        watched[buf], deaf[buf] = nil, nil
      end,
    })
  end
end

--- The server is not told of the buffer any more.
function M.part(buf)
  if id and vim.lsp.buf_is_attached(buf, id) then
    vim.lsp.buf_detach_client(buf, id)
  end
end

--- Attaches the buffer if it is one for eke.
function M.visit(buf)
  if not eke.wanted(buf) then
    return M.part(buf)
  end
  if M.state ~= 'running' or vim.lsp.buf_is_attached(buf, id) then
    return
  end
  if vim.api.nvim_buf_get_offset(buf, vim.api.nvim_buf_line_count(buf)) > eke.option('max_bytes') then
    vim.b[buf].eke_too_large = true
    return eke.note(vim.api.nvim_buf_get_name(buf) .. ' is larger than g:eke_max_bytes: left alone')
  end
  watch(buf)
  vim.lsp.buf_attach_client(buf, id)
  if vim.lsp.inline_completion then -- two ghosts of one text are no help
    vim.lsp.inline_completion.enable(false, { client_id = id })
  end
end

function M.has(buf)
  return M.state == 'running' and vim.lsp.buf_is_attached(buf, id)
end

function M.leave()
  local client = M.client()
  M.state = 'stopped' -- until :EkeRestart
  id = nil
  if client then
    method(client, 'stop')
  end
end

function M.stop()
  M.leave()
  lost()
end

function M.restart()
  M.stop()
  crashes = {}
  M.state = 'off'
  M.start()
end

-- Messages.

--- Calls back with (error, result), once; when the server is up, if it is not. Not after a cancellation.
function M.request(name, params, callback, buf)
  local request
  M.ready(function()
    local _, sent = method(M.client(), 'request', name, params, callback, buf or 0)
    request = sent
  end)
  return request
end

--- The same for what a buffer waits for: :EkeCancel in it takes that back.
function M.request_for(buf, name, params, callback)
  local request
  request = M.request(name, params, function(error, result)
    asked[request] = nil
    callback(error, result)
  end, buf)
  if request then
    asked[request] = { buf = buf, callback = callback }
  end
end

--- Was there anything?
function M.cancel_of(buf)
  local any = false
  for request, one in pairs(asked) do
    if one.buf == buf then
      any, asked[request] = true, nil
      M.cancel(request)
    end
  end
  return any
end

--- Calls back when the server is up, or says why it cannot be.
function M.ready(callback)
  M.start()
  if M.state == 'running' then
    callback()
  elseif M.state == 'failed' or M.state == 'stopped' then
    eke.say('not running; :EkeDoctor says why, :EkeRestart tries again')
  else
    waiting[#waiting + 1] = callback
  end
end

--- The same without a word where it cannot be.
function M.when_running(callback)
  M.start()
  if M.state == 'running' then
    callback()
  elseif M.state == 'starting' or M.state == 'restarting' then
    waiting[#waiting + 1] = callback
  end
end

function M.notify(name, params)
  if M.client() then
    method(M.client(), 'notify', name, params)
  end
end

--- vim.lsp drops the answer.
function M.cancel(request)
  if M.client() and request then
    method(M.client(), 'cancel_request', request)
  end
end

return M
