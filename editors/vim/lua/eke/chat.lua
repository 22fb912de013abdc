--- Conversations: asking, answers as they come, commands. The conversation itself is the server's; here is what is on the screen
--- (page.lua), and where code of an answer belongs.
local M = {}

local api = vim.api
local eke = require('eke')
local client = require('eke.client')
local context = require('eke.context')
local page = require('eke.page')

local EKE = '## eke'
local COMMANDS = { 'ask', 'commit', 'document', 'explain', 'fix', 'optimize', 'problems', 'refactor', 'tests', 'write' }
local TOO_OLD = -32601

--- Of each: page; id and title, nil before its first question; turn: the request in flight (id, token, at: the line of what was said
--- where the answer begins, from 0; again, former); origins: for each answer on the screen what it is about; next: what the next
--- question is about; asked: the last question; model: chosen by the user.
local chats = {}
local last = nil
local token = 0
local needs = {} -- of each chat command: selection, file, diff or none

-- Conversations.

local function new()
  last = { page = page.new('eke://chat' .. (#chats > 0 and '/' .. #chats + 1 or '')), origins = {}, model = last and last.model }
  chats[#chats + 1] = last
  return last
end

local function chat_of(buf)
  for _, chat in ipairs(chats) do
    if chat.page.buf == buf then
      return chat
    end
  end
end

--- The one in this window; else the one that is in sight; else the last one.
function M.current()
  last = chat_of(api.nvim_get_current_buf()) or last
  for _, window in ipairs(chat_of(api.nvim_get_current_buf()) and {} or api.nvim_tabpage_list_wins(0)) do
    last = chat_of(api.nvim_win_get_buf(window)) or last
  end
  return last or new()
end

--- BufReadCmd: the buffer is opened for the first time, or was lost.
function M.read(name)
  local chat = vim.tbl_filter(function(one)
    return one.page.name == name
  end, chats)[1] or new()
  chat.page.name = name
  page.fill(chat.page)
  return chat
end

--- SessionLoadPost: a session has the name of the buffer and no more. The conversation that it then shows is the last one here.
function M.restore()
  local fresh = #chats == 0
  for _, info in ipairs(vim.fn.getbufinfo()) do
    if info.name:find('^eke://chat') and not page.of(info.bufnr) and info.windows[1] then
      api.nvim_win_call(info.windows[1], function()
        local chat = M.read(info.name)
        page.window()
        if fresh and info.name == 'eke://chat' then
          client.when_running(function()
            require('eke.history').latest(chat)
          end)
        end
      end)
    end
  end
end

local function is_empty(chat)
  return not chat.id and not chat.turn and #chat.page.above == 0
end

-- What is said.

local function say_question(where, words)
  local lines = vim.list_extend({ '## You', '' }, vim.split(words, '\n', { plain = true }))
  lines[#lines + 1] = ''
  page.write(where, #where.above, lines)
end

local function join(...)
  local words = {}
  for i = 1, select('#', ...) do
    local word = select(i, ...)
    words[#words + 1] = word and word ~= '' and word or nil
  end
  return table.concat(words, ' ')
end

local function note(where, words)
  if words and words ~= '' then
    page.append(where, ('%s> %s'):format(where.above[#where.above - 1] == '' and '' or '\n\n', (words:gsub('\n', '\n> '))))
  end
end

--- A conversation that was had before, in its buffer.
function M.recall(found)
  local chat = vim.tbl_filter(function(one)
    return one.id == found.chatId
  end, chats)[1]
  if not chat then
    chat = M.current()
    chat = is_empty(chat) and chat or new()
  end
  if not chat.turn then
    M.fill(chat, found)
  end
  M.show(chat)
end

function M.fill(chat, found)
  local where = chat.page
  chat.id, chat.title, chat.origins, chat.about = found.chatId, found.title, {}, nil
  page.load(where)
  page.write(where, 0, {})
  for _, turn in ipairs(found.turns) do
    if turn.role == 'user' then
      local names = vim.tbl_map(function(one) return one.name end, turn.context or {})
      say_question(where, join(turn.command and '/' .. turn.command, turn.text, #names > 0 and '(' .. table.concat(names, ', ') .. ')'))
      chat.asked = turn.text
    else
      page.write(where, #where.above, { EKE .. (turn.model and ' · ' .. turn.model or ''), '', '', '' })
      if turn.reasoning and turn.reasoning ~= '' then
        page.append(where, turn.reasoning, 'thought')
        page.append(where, '\n\n')
      end
      page.append(where, vim.trim(turn.text))
      note(where, turn.interrupted and 'cut off' or turn.writing and 'still being written')
      chat.origins[#chat.origins + 1] = {}
    end
  end
end

function M.forget(id)
  for _, chat in ipairs(chats) do
    if chat.id == id then
      chat.id, chat.title, chat.origins, chat.about = nil, nil, {}, nil
      page.write(chat.page, 0, {})
    end
  end
end

-- Its window.

function M.show(chat, focus)
  local here, wins = api.nvim_get_current_win(), api.nvim_tabpage_list_wins(0)
  last = chat
  page.load(chat.page)
  local function window_of(fits)
    for _, window in ipairs(wins) do
      if fits(api.nvim_win_get_buf(window)) then
        return window
      end
    end
  end
  local window = window_of(function(buf) return buf == chat.page.buf end)
  local other = window_of(chat_of)
  if window or other then
    api.nvim_set_current_win(window or other)
  else
    local position, half = eke.option('chat_position'), math.floor(vim.o.columns / 2)
    local narrow = vim.o.columns < 100 and half < 40 and position:find('vert') ~= nil
    local size = narrow and math.floor(vim.o.lines / 2) or math.min(eke.option('chat_width'), half)
    vim.cmd(('%s %dsplit'):format(narrow and 'botright' or position, size))
    vim.wo.winfixwidth = not narrow
  end
  if not window then
    api.nvim_win_set_buf(0, chat.page.buf)
    page.window()
    vim.fn.cursor('$', 1)
  end
  if not focus then
    api.nvim_set_current_win(here)
  end
end

--- The width of its window is fixed: in a terminal that became narrow it leaves half of that to the text, till there is more.
function M.resized()
  for _, window in ipairs(api.nvim_list_wins()) do
    if chat_of(api.nvim_win_get_buf(window)) and vim.wo[window].winfixwidth then
      local now = api.nvim_win_get_width(window)
      local width = math.max(now, vim.w[window].eke_width or 0)
      local fits = math.min(width, math.floor(vim.o.columns / 2))
      if fits ~= now then
        api.nvim_win_set_width(window, fits)
      end
      vim.w[window].eke_width = fits < width and width or nil
    end
  end
end

--- For the status line of its window.
function M.line()
  local chat = chat_of(api.nvim_get_current_buf())
  local words = { 'eke' }
  for _, word in ipairs(chat and { chat.title or '', chat.model or '', chat.turn and 'answering …' or '' } or {}) do
    words[#words + 1] = word ~= '' and word or nil
  end
  return ' ' .. table.concat(words, ' · ')
end

-- Asking.

--- The answer is written from line at (0-based) on. Where there is none to be had, again is the draft once more, and former its place.
local function start(chat, method, params, at, again, former, about)
  token = token + 1
  page.write(chat.page, at, { EKE, '', '', '' })
  chat.origins[#chat.origins + 1] = about
  local turn = { token = token, at = at + 2, again = again, former = former }
  chat.turn = turn
  params.chatId, params.model, params.streamToken = chat.id, chat.model, token
  turn.id = client.request(method, params, function(error, result)
    if chat.turn == turn then
      M.answered(chat, error, result)
    end
  end)
  vim.cmd.redrawstatus({ bang = true })
end

--- keep: what is being written in the buffer stays.
local function send(chat, prompt, command, about, keep)
  if chat.turn then
    return eke.say('still answering; :EkeCancel ends that')
  end
  M.show(chat)
  if not keep then
    page.set_draft(chat.page, { '', '' })
  end
  say_question(chat.page, join(command and '/' .. command, prompt, about.name and '(' .. about.name .. ')'))
  chat.asked, chat.about = prompt, about
  local params = { prompt = prompt, command = command, context = about.sent }
  start(chat, 'chat/send', params, #chat.page.above, join(command and '/' .. command, prompt), nil, about)
end

--- eke/didCreateChat: so it has its id although the request may fail.
function M.created(params)
  for _, chat in ipairs(chats) do
    if chat.turn and not chat.id then
      chat.id, chat.title = params.chatId, params.title
      return
    end
  end
end

function M.progress(params)
  for _, chat in ipairs(chats) do
    local turn, value = chat.turn, params.value
    if turn and turn.token == params.token then
      if value.reasoning and value.reasoning ~= '' then
        turn.thinks = true
        page.append(chat.page, value.reasoning, 'thought')
      end
      if value.text and value.text ~= '' then
        if turn.thinks then
          turn.thinks = nil
          page.append(chat.page, '\n\n')
          turn.at = #chat.page.above - 2
        end
        page.append(chat.page, value.text)
      end
      return
    end
  end
end

local CUT = {
  length = 'cut off: the answer is as long as it may be',
  filter = "cut off by the service's content filter",
  truncated = 'cut off: the connection broke',
}

--- No answer came: the former one, if there was one, is there again.
local function put_back(where, turn)
  if turn.former and vim.deep_equal(vim.list_slice(where.above, turn.at + 1), { '', '' }) then
    page.write(where, turn.at - 2, turn.former)
  end
end

local function failed(chat, turn, words, cancelled)
  put_back(chat.page, turn)
  note(chat.page, words)
  if not cancelled and page.draft(chat.page) == '' then
    page.set_draft(chat.page, vim.list_extend({ '' }, vim.split(turn.again, '\n', { plain = true })))
  end
end

--- The answer is whole by itself: what was streamed is put right if it differs.
function M.answered(chat, error, result)
  local turn, where = chat.turn, chat.page
  chat.turn = nil
  if error then
    failed(chat, turn, error.code ~= TOO_OLD and error.message
      or ('This eke (%s) has no chat for editors yet: update it. `eke chat` in a terminal works.'):format(client.version()))
  else
    chat.id, chat.title = result.chatId, result.title or chat.title
    local lines = vim.split(vim.trim(result.text):gsub('\r', ''), '\n', { plain = true })
    lines[#lines + 1] = ''
    if not vim.deep_equal(vim.list_slice(where.above, turn.at + 1), lines) then
      page.write(where, turn.at, lines)
    end
    local heading = turn.at
    while heading > 0 and where.above[heading + 1] ~= EKE do
      heading = heading - 1
    end
    page.set_line(where, heading, EKE .. ' · ' .. result.model)
    note(where, table.concat(result.trimmed or {}, '; '))
    note(where, result.notice or CUT[result.finishReason])
  end
  eke.event('EkeChatDone')
  vim.cmd.redrawstatus({ bang = true })
end

--- The server ended.
function M.lost()
  for _, chat in ipairs(chats) do
    if chat.turn then
      local turn = chat.turn
      chat.turn = nil
      failed(chat, turn, 'the server ended')
    end
  end
end

-- Commands.

--- Calls back when it is known what the commands need.
local function with_needs(callback)
  client.ready(function()
    if next(needs) then
      return callback()
    end
    client.request('chat/commands', vim.empty_dict(), function(error, result)
      for _, one in ipairs(not error and result.commands or {}) do
        needs[one.name] = one.needs
      end
      callback()
    end)
  end)
end

function M.commands()
  local names = next(needs) and vim.tbl_keys(needs) or vim.list_slice(COMMANDS)
  table.sort(names)
  return names
end

function M.complete(lead)
  return vim.tbl_filter(function(name)
    return vim.startswith(name, lead)
  end, M.commands())
end

local function is_command(name)
  if next(needs) and not needs[name] then
    eke.warn(('there is no command %s; there are %s'):format(name, table.concat(M.commands(), ', ')))
    return false
  end
  return true
end

--- <CR> in the buffer: what was written below the last heading.
function M.submit()
  local chat = M.current()
  local prompt = page.draft(chat.page)
  if prompt == '' then
    return eke.say('write below the last ## You, then <CR>')
  elseif chat.turn then
    return eke.say('still answering; <C-C> cancels')
  end
  local about = chat.next or {}
  local name, words = prompt:match('^/([%w_-]+)%s+(.*)$')
  name = name or prompt:match('^/([%w_-]+)$')
  if not name then
    return client.ready(function()
      chat.next = nil
      send(chat, prompt, nil, about)
    end)
  end
  with_needs(function()
    if is_command(name) then
      chat.next = nil
      about = about.sent and about or context.of_other_window(needs[name] or 'selection', name)
      send(chat, words or '', name, about)
    end
  end)
end

--- :EkeChat
function M.open(command)
  local chat = M.current()
  if command.bang and not is_empty(chat) then
    chat = new()
  end
  if command.args ~= '' then
    return M.ask(command, chat)
  end
  chat.next = command.range > 0 and context.lines(command.line1, command.line2) or chat.next
  M.show(chat, true)
  vim.fn.cursor('$', 1)
  vim.cmd('startinsert!')
end

--- :EkeAsk
function M.ask(command, chat)
  local function go(prompt)
    if prompt and prompt ~= '' then
      client.ready(function()
        local about = command.range > 0 and context.lines(command.line1, command.line2) or {}
        send(chat or M.current(), prompt, nil, about, true)
      end)
    end
  end
  if command.args ~= '' then
    go(command.args)
  else
    vim.ui.input({ prompt = 'Ask eke: ' }, go)
  end
end

--- :Eke {command} [words]: about the range; without one, about what it needs.
function M.command(command)
  local name, words = command.args:match('^(%S+)%s*(.*)$')
  local buf = api.nvim_get_current_buf()
  with_needs(function()
    if api.nvim_get_current_buf() ~= buf or not is_command(name) then
      return
    elseif name == 'commit' and vim.bo.filetype == 'gitcommit' then
      return require('eke.commit').write(words)
    end
    send(M.current(), words, name, context.of(needs[name] or 'selection', name, command), true)
  end)
end

--- :EkeCancel. vim.lsp does not tell of an answer to what it cancelled.
function M.cancel()
  if client.cancel_of(vim.api.nvim_get_current_buf()) then
    return eke.say('cancelled')
  end
  local chat = M.current()
  local turn = chat.turn
  if turn then
    chat.turn = nil
    client.cancel(turn.id)
    failed(chat, turn, 'cancelled', true)
    vim.cmd.redrawstatus({ bang = true })
  end
end

--- :EkeRegenerate
function M.regenerate()
  local chat = M.current()
  if chat.turn then
    return eke.say('still answering; :EkeCancel ends that')
  elseif not chat.id then
    return eke.say('there is no answer yet')
  end
  client.ready(function()
    M.show(chat)
    local above = chat.page.above
    local question = #above
    while question > 0 and above[question] ~= '## You' do
      question = question - 1
    end
    local answer = math.max(question, 1)
    while answer <= #above and not vim.startswith(above[answer], EKE) do
      answer = answer + 1
    end
    local former = vim.list_slice(above, answer)
    if page.draft(chat.page) == chat.asked then
      page.set_draft(chat.page, { '', '' })
    end
    if #former > 0 then
      table.remove(chat.origins)
    end
    start(chat, 'chat/regenerate', {}, answer - 1, '', #former > 0 and former or nil, chat.about or {})
  end)
end

return M
