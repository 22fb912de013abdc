--- The chat: a scratch buffer of Markdown. What stands below the last "## You" is the next question; <CR> in Normal mode sends it.
--- The conversation itself is the server's; here is only what is on the screen, and where code of an answer belongs.
local M = {}

local api = vim.api
local eke = require('eke')
local client = require('eke.client')
local text = require('eke.text')

local NAME = 'eke://chat'
local YOU = '## You'
local EKE = '## eke'
local COMMANDS = { 'ask', 'commit', 'document', 'explain', 'fix', 'optimize', 'problems', 'refactor', 'tests', 'write' }
local TOO_OLD = -32601

local namespace = api.nvim_create_namespace('eke.chat')
local buffer = nil
local chat = nil -- the conversation's id, nil before its first answer
local turn = nil -- the request in flight: id, token, start (line of the answer), what is below it then, former answer
local asked = '' -- the last question
local token = 0
local origins = {} -- for each answer on the screen: what it is about, {} for nothing
local needs = {} -- of each chat command: selection, file, diff or none
local context_of_next = nil

-- What a question is about.

--- Marks lines (row is 0-based), so that they are found again after other edits.
local function mark_lines(buf, row, lines, id)
  return api.nvim_buf_set_extmark(buf, namespace, row, 0, {
    id = id,
    end_row = row + #lines - 1,
    end_col = #lines[#lines],
    right_gravity = false,
    end_right_gravity = true,
  })
end

--- Lines of the current buffer, as the server finds them in its copy; as text if it has none. They are marked for
--- :EkeApply.
local function selection(first, last)
  local buf = api.nvim_get_current_buf()
  client.visit(buf)
  local lines = api.nvim_buf_get_lines(buf, first - 1, last, false)
  local mark = mark_lines(buf, first - 1, lines)
  local sent = client.has(buf) and { kind = 'selection', uri = text.uri(buf), range = text.lines(first, last) }
    or { kind = 'text', name = vim.fn.expand('%:t'), text = table.concat(lines, '\n') }
  local name = vim.fn.expand('%:~:.') .. ':' .. first .. (last > first and '-' .. last or '')
  return { sent = { sent }, buf = buf, mark = mark, lines = lines, name = name }
end

-- The buffer.

local function lines_of(first, last)
  return api.nvim_buf_get_lines(buffer, first or 0, last or -1, false)
end

--- The line (1-based) of the last heading over a question.
local function last_question()
  local lines = lines_of()
  for i = #lines, 1, -1 do
    if lines[i] == YOU then
      return i
    end
  end
  return 0
end

local function windows()
  return buffer and vim.fn.win_findbuf(buffer) or {}
end

--- Windows that show the chat with the cursor at its end: there it stays.
local function following()
  return vim.tbl_filter(function(window)
    return api.nvim_win_get_cursor(window)[1] >= api.nvim_buf_line_count(buffer) - 1
  end, windows())
end

local function follow(those)
  for _, window in ipairs(those) do
    api.nvim_win_set_cursor(window, { api.nvim_buf_line_count(buffer), 0 })
  end
end

--- Appends text to the buffer's last line.
local function append(addition)
  local those, last, line = following(), api.nvim_buf_line_count(buffer), lines_of(-2)[1]
  api.nvim_buf_set_text(buffer, last - 1, #line, last - 1, #line, vim.split(addition, '\n', { plain = true }))
  follow(those)
end

--- The blocks of code: their first and last line (1-based), without the fences.
local function blocks()
  local found, fence, first = {}, nil, 0
  for i, line in ipairs(lines_of()) do
    local mark = line:match('^%s*(```+)') or line:match('^%s*(~~~+)')
    if mark and not fence then
      fence, first = mark, i + 1
    elseif mark and mark:sub(1, 1) == fence:sub(1, 1) and #mark >= #fence and line:find('^%s*%S+%s*$') then
      found[#found + 1] = { first = first, last = i - 1 }
      fence = nil
    end
  end
  return found
end

--- A fold, open, for each block of code.
local function fold(window)
  api.nvim_win_call(window, function()
    vim.cmd('silent! normal! zE')
    for _, block in ipairs(blocks()) do
      if block.last > block.first then
        vim.cmd(('silent! %d,%dfold | silent! %dfoldopen'):format(block.first - 1, block.last + 1, block.first))
      end
    end
  end)
end

local function fill(lines)
  api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  follow(windows())
end

--- Another conversation; the former stays in :EkeHistory.
local function renew()
  if turn then
    return eke.say('still answering; <C-C> cancels')
  end
  chat, origins = nil, {}
  fill({ YOU, '', '' })
end

local function prepare()
  buffer = api.nvim_create_buf(false, true)
  api.nvim_buf_set_name(buffer, NAME)
  vim.bo[buffer].bufhidden = 'hide'
  vim.bo[buffer].filetype = 'ekechat'
  vim.bo[buffer].syntax = 'markdown'
  api.nvim_buf_set_lines(buffer, 0, -1, false, { YOU, '', '' })
  origins = {}
  local function map(lhs, rhs, what)
    vim.keymap.set('n', lhs, rhs, { buffer = buffer, silent = true, desc = 'eke: ' .. what })
  end
  map('<CR>', function() M.submit() end, 'send the question')
  map('<C-C>', '<Cmd>EkeCancel<CR>', 'cancel the answer')
  map('ga', '<Cmd>EkeApply<CR>', 'apply the code at the cursor')
  map('gr', '<Cmd>EkeRegenerate<CR>', 'another answer to the last question')
  map('gn', renew, 'begin another conversation')
end

local function show(focus)
  local here = api.nvim_get_current_win()
  if not buffer or not api.nvim_buf_is_valid(buffer) then
    prepare()
  end
  local window = vim.tbl_filter(function(one)
    return api.nvim_win_get_tabpage(one) == api.nvim_get_current_tabpage()
  end, windows())[1]
  if window then
    api.nvim_set_current_win(window)
  else
    vim.cmd(('%s %dsplit'):format(eke.option('chat_position'), math.min(eke.option('chat_width'), math.floor(vim.o.columns / 2))))
    api.nvim_win_set_buf(0, buffer)
    for name, value in pairs({ wrap = true, linebreak = true, number = false, relativenumber = false, list = false,
      foldmethod = 'manual', foldlevel = 99, winfixwidth = true }) do
      vim.wo[0][0][name] = value
    end
    fold(api.nvim_get_current_win())
  end
  if not focus then
    api.nvim_set_current_win(here)
  end
end

-- Asking.

local function note(words)
  if words and words ~= '' then
    append(('%s> %s'):format(lines_of(-2)[1] == '' and '' or '\n\n', words))
  end
end

local function done(below)
  turn = nil
  append(('\n\n%s\n\n%s'):format(YOU, below))
  vim.tbl_map(fold, windows())
end

--- No answer came: the former one, if there was one, is there again.
local function put_back(failed)
  if failed.former and vim.deep_equal(lines_of(failed.start - 1), { '' }) then
    api.nvim_buf_set_lines(buffer, failed.start - 3, -1, false, failed.former)
  end
end

--- The answer is whole by itself: what was streamed is put right if it differs.
local function put_right(start, whole)
  local lines = vim.split(vim.trim(whole):gsub('\r', ''), '\n', { plain = true })
  if not vim.deep_equal(lines_of(start - 1), lines) then
    local those = following()
    api.nvim_buf_set_lines(buffer, start - 1, -1, false, lines)
    follow(those)
  end
end

local CUT = {
  length = 'cut off: the answer is as long as it may be',
  filter = "cut off by the service's content filter",
  truncated = 'cut off: the connection broke',
}

local function on_answer(answered, error, result)
  if answered ~= turn then
    return
  elseif error then
    put_back(turn)
    note(error.code ~= TOO_OLD and error.message
      or ('This eke (%s) has no chat for editors yet: update it. `eke chat` in a terminal works.'):format(client.version()))
    return done(turn.next .. turn.again)
  end
  chat = result.chatId
  put_right(turn.start, result.text)
  api.nvim_buf_set_lines(buffer, turn.start - 3, turn.start - 2, false, { EKE .. ' · ' .. result.model })
  note(table.concat(result.trimmed or {}, '; '))
  note(CUT[result.finishReason])
  done(turn.next)
end

--- Below the answer then stands what is next, or again where there was none to be had; and former, if any, in its place.
local function start(method, params, next, again, former)
  token = token + 1
  append(('%s%s\n\n'):format(lines_of(-2)[1] == '' and '\n' or '\n\n', EKE))
  local started = { token = token, start = api.nvim_buf_line_count(buffer), next = next, again = again, former = former }
  turn = started
  params.chatId, params.streamToken = chat, token
  started.id = client.request(method, params, function(error, result)
    on_answer(started, error, result)
  end)
end

--- at is the heading's line if the question stands in the buffer already.
local function send(prompt, command, context, at)
  if turn then
    return eke.say('still answering; :EkeCancel ends that')
  end
  show(false)
  if not at then
    local heading = last_question()
    local words = { command and '/' .. command or nil }
    vim.list_extend(words, { prompt ~= '' and prompt or nil })
    vim.list_extend(words, { context.name and '(' .. context.name .. ')' or nil })
    api.nvim_buf_set_lines(buffer, heading, -1, false, vim.list_extend({ '' }, vim.split(table.concat(words, ' '), '\n')))
    follow(windows())
  end
  origins[#origins + 1] = context
  asked = prompt
  start('chat/send', { prompt = prompt, command = command, context = context.sent }, '', prompt)
end

function M.progress(params)
  if turn and turn.token == params.token and params.value.text then
    append((params.value.text:gsub('\r', '')))
  end
end

--- The server ended.
function M.lost()
  if turn then
    put_back(turn)
    note('the server ended')
    done(turn.next .. turn.again)
  end
end

--- What the user wrote below the last heading.
function M.submit()
  local start = last_question()
  local prompt = vim.trim(table.concat(lines_of(start), '\n'))
  if start == 0 or prompt == '' then
    return eke.say('write below the last ' .. YOU .. ', then <CR>')
  end
  local context = context_of_next or {}
  context_of_next = nil
  client.ready(function()
    send(prompt, nil, context, start)
  end)
end

-- Commands.

--- :EkeChat
function M.open(command)
  if command.args ~= '' then
    return M.ask(command)
  end
  context_of_next = command.range > 0 and selection(command.line1, command.line2) or nil
  show(true)
  api.nvim_win_set_cursor(0, { api.nvim_buf_line_count(buffer), 0 })
  vim.cmd('startinsert!')
end

--- :EkeAsk
function M.ask(command)
  local function go(prompt)
    if prompt and prompt ~= '' then
      client.ready(function()
        send(prompt, nil, command.range > 0 and selection(command.line1, command.line2) or {})
      end)
    end
  end
  if command.args ~= '' then
    go(command.args)
  else
    vim.ui.input({ prompt = 'Ask eke: ' }, go)
  end
end

--- The command about the range; without one, about what it needs.
local function run(name, words, command)
  local need = needs[name] or 'selection'
  if next(needs) and not needs[name] then
    local names = vim.tbl_keys(needs)
    table.sort(names)
    return eke.warn(('there is no command %s; there are %s'):format(name, table.concat(names, ', ')))
  end
  local row, context = api.nvim_win_get_cursor(0)[1], {}
  if command.range > 0 then
    context = selection(command.line1, command.line2)
  elseif need == 'file' and client.has(api.nvim_get_current_buf()) then
    context = { sent = { { kind = 'file', uri = text.uri(0) } }, name = vim.fn.expand('%:t') }
  elseif need == 'selection' then
    context = selection(row, row)
  end
  send(words, name, context)
end

--- :Eke {command} [words]
function M.command(command)
  local name, words = command.args:match('^(%S+)%s*(.*)$')
  local buf = api.nvim_get_current_buf()
  client.ready(function()
    if next(needs) then
      return run(name, words, command)
    end
    client.request('chat/commands', vim.empty_dict(), function(error, result)
      for _, one in ipairs(not error and result.commands or {}) do
        needs[one.name] = one.needs
      end
      if api.nvim_get_current_buf() == buf then
        run(name, words, command)
      end
    end)
  end)
end

function M.complete(lead)
  local names = next(needs) and vim.tbl_keys(needs) or COMMANDS
  table.sort(names)
  return vim.tbl_filter(function(name)
    return vim.startswith(name, lead)
  end, names)
end

--- :EkeCancel. vim.lsp does not tell of an answer to what it cancelled.
function M.cancel()
  if turn then
    client.cancel(turn.id)
    put_back(turn)
    note('cancelled')
    done(turn.next)
  end
end

--- :EkeRegenerate
function M.regenerate()
  if turn then
    return eke.say('still answering; :EkeCancel ends that')
  elseif not chat then
    return eke.say('there is no answer yet')
  end
  client.ready(function()
    show(false)
    local question, lines = last_question(), lines_of()
    local answer = question
    while answer > 0 and not vim.startswith(lines[answer], EKE) do
      answer = answer - 1
    end
    if answer == 0 then
      return eke.say('there is no answer on the screen')
    end
    local below = vim.trim(table.concat(lines, '\n', question + 1))
    api.nvim_buf_set_lines(buffer, answer - 1, -1, false, {})
    start('chat/regenerate', {}, below == asked and '' or below, '', vim.list_slice(lines, answer, question - 2))
  end)
end

-- :EkeApply

local function replace(origin, lines)
  vim.fn.bufload(origin.buf)
  local mark = api.nvim_buf_get_extmark_by_id(origin.buf, namespace, origin.mark, { details = true })
  if not mark[1] then
    return eke.say('the text that this is about is gone')
  end
  local first, last = mark[1], mark[3].end_row
  if not vim.deep_equal(api.nvim_buf_get_lines(origin.buf, first, last + 1, false), origin.lines)
    and vim.fn.confirm('eke: that text has changed since. Replace it all the same?', '&Yes\n&No', 2) ~= 1 then
    return
  end
  api.nvim_buf_set_lines(origin.buf, first, last + 1, false, lines)
  mark_lines(origin.buf, first, lines, origin.mark)
  origin.lines = lines
  local name = vim.fs.basename(api.nvim_buf_get_name(origin.buf))
  eke.say(('lines %d to %d of %s replaced; u there takes it back'):format(first + 1, last + 1, name))
end

--- The window with a file that the user was in last.
local function other_window()
  local candidates = { vim.fn.win_getid(vim.fn.winnr('#')) }
  for _, window in ipairs(vim.list_extend(candidates, api.nvim_tabpage_list_wins(0))) do
    if window ~= 0 and vim.bo[api.nvim_win_get_buf(window)].buftype == '' then
      return window
    end
  end
end

--- Puts the code at the cursor, else the last of the chat, in the place of what the question was about.
function M.apply()
  local found = buffer and api.nvim_buf_is_valid(buffer) and blocks() or {}
  if api.nvim_get_current_buf() == buffer then
    local row = api.nvim_win_get_cursor(0)[1]
    found = vim.tbl_filter(function(block)
      return block.first - 1 <= row and row <= block.last + 1
    end, found)
  end
  local block = found[#found]
  if not block then
    return eke.say('there is no block of code at the cursor')
  end
  local number = 0
  for _, line in ipairs(lines_of(0, block.first)) do
    number = number + (vim.startswith(line, EKE) and 1 or 0)
  end
  local lines, origin = lines_of(block.first - 1, block.last), origins[number] or {}
  if origin.mark and api.nvim_buf_is_valid(origin.buf) then
    return replace(origin, lines)
  end
  local window = other_window()
  if not window then
    return eke.say('there is no window to put it into')
  end
  local row = api.nvim_win_get_cursor(window)[1]
  api.nvim_buf_set_lines(api.nvim_win_get_buf(window), row, row, false, lines)
  eke.say(('put below line %d; u there takes it back'):format(row))
end

-- :EkeHistory

local function recall(result)
  show(false)
  chat, origins = result.chatId, {}
  local lines = {}
  for _, one in ipairs(result.turns) do
    lines[#lines + 1] = one.role == 'user' and YOU or EKE .. (one.model and ' · ' .. one.model or '')
    lines[#lines + 1] = ''
    vim.list_extend(lines, vim.split(vim.trim(one.text), '\r?\n'))
    lines[#lines + 1] = ''
    if one.role ~= 'user' then
      origins[#origins + 1] = {}
    end
  end
  fill(vim.list_extend(lines, { YOU, '', '' }))
end

function M.history(command)
  local params = { limit = 50, query = command.args ~= '' and command.args or nil }
  client.request('chat/list', params, function(error, result)
    if error then
      return eke.warn(error.code == TOO_OLD and 'this eke keeps no chats yet: update it' or error.message)
    elseif #result.chats == 0 then
      return eke.say('no chats yet')
    end
    vim.ui.select(result.chats, { prompt = 'Chats', format_item = function(one) return one.title end }, function(choice)
      if choice then
        client.request('chat/get', { chatId = choice.chatId }, function(failure, found)
          if failure then
            return eke.warn(failure.message)
          end
          recall(found)
        end)
      end
    end)
  end)
end

return M
