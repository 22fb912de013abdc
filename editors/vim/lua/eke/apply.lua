--- :EkeApply: code of an answer goes into the place of what the question was about.
local M = {}

local api = vim.api
local eke = require('eke')
local context = require('eke.context')
local page = require('eke.page')

local function replace(origin, lines, blind)
  vim.fn.bufload(origin.buf)
  local first, last = context.marked(origin.buf, origin.mark)
  if not first then
    return eke.say('the text that this is about is gone')
  end
  if not vim.deep_equal(api.nvim_buf_get_lines(origin.buf, first - 1, last, false), origin.lines)
    and vim.fn.confirm('eke: that text has changed since. Replace it all the same?', '&Yes\n&No', 2) ~= 1 then
    return
  end
  local function mark()
    context.mark(origin.buf, first, lines, origin.mark) -- what was taken can be replaced again
    origin.lines = lines
  end
  if not blind and eke.option('preview') then
    return vim.fn['eke#preview#open'](origin.buf, first, last, lines, mark)
  end
  api.nvim_buf_set_lines(origin.buf, first - 1, last, false, lines)
  mark()
  local name = vim.fs.basename(api.nvim_buf_get_name(origin.buf))
  eke.say(('lines %d to %d of %s replaced; u there takes it back'):format(first, last, name))
end

local function bare(lines)
  local words = {}
  for _, line in ipairs(lines) do
    line = vim.trim(line)
    words[#words + 1] = line ~= '' and line or nil
  end
  return '\n' .. table.concat(words, '\n') .. '\n'
end

--- A part of the code that the answer is about, as it is there.
local function is_quote(origin, lines)
  local whole, part = bare(origin.lines or {}), bare(lines)
  return origin.lines ~= nil and whole ~= part and whole:find(part, 1, true) ~= nil
end

--- Puts the code at the cursor, else the last of the chat, in the place of what the question was about.
function M.apply(command)
  local chat = require('eke.chat').current()
  local above, found, quotes = chat.page.above, {}, 0
  local row = api.nvim_get_current_buf() == chat.page.buf and api.nvim_win_get_cursor(0)[1]
  row = row and row <= chat.page.top and row
  for _, block in ipairs(page.blocks(chat.page)) do
    local number = 0
    for i = 1, block.first do
      number = number + ((above[i] == '## eke' or vim.startswith(above[i], '## eke · ')) and 1 or 0)
    end
    block.lines, block.origin = vim.list_slice(above, block.first, block.last), chat.origins[number] or {}
    if not row or block.first - 1 <= row and row <= block.last + 1 then
      if is_quote(block.origin, block.lines) then
        quotes = quotes + 1
      else
        found[#found + 1] = block
      end
    end
  end
  local block = found[#found]
  if not block then
    return eke.say(quotes > 0 and 'that is quoted from the code: there is nothing to replace' or 'there is no block of code at the cursor')
  end
  local lines, origin = block.lines, block.origin
  if origin.mark and api.nvim_buf_is_valid(origin.buf) then
    return replace(origin, lines, command and command.bang)
  end
  local window = context.other_window()
  if not window then
    return eke.say('there is no window to put it into')
  end
  local row = api.nvim_win_get_cursor(window)[1]
  api.nvim_buf_set_lines(api.nvim_win_get_buf(window), row, row, false, lines)
  eke.say(('put below line %d; u there takes it back'):format(row))
end

return M
