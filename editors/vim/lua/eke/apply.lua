--- :EkeApply: code of an answer goes into the place of what the question was about.
local M = {}

local api = vim.api
local eke = require('eke')
local context = require('eke.context')
local page = require('eke.page')

local function replace(origin, lines)
  vim.fn.bufload(origin.buf)
  local first, last = context.marked(origin.buf, origin.mark)
  if not first then
    return eke.say('the text that this is about is gone')
  end
  if not vim.deep_equal(api.nvim_buf_get_lines(origin.buf, first - 1, last, false), origin.lines)
    and vim.fn.confirm('eke: that text has changed since. Replace it all the same?', '&Yes\n&No', 2) ~= 1 then
    return
  end
  api.nvim_buf_set_lines(origin.buf, first - 1, last, false, lines)
  context.mark(origin.buf, first, lines, origin.mark)
  origin.lines = lines
  local name = vim.fs.basename(api.nvim_buf_get_name(origin.buf))
  eke.say(('lines %d to %d of %s replaced; u there takes it back'):format(first, last, name))
end

--- Puts the code at the cursor, else the last of the chat, in the place of what the question was about.
function M.apply()
  local chat = require('eke.chat').current()
  local found, above = page.blocks(chat.page), chat.page.above
  if api.nvim_get_current_buf() == chat.page.buf then
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
  for i = 1, block.first do
    number = number + ((above[i] == '## eke' or vim.startswith(above[i], '## eke · ')) and 1 or 0)
  end
  local lines, origin = vim.list_slice(above, block.first, block.last), chat.origins[number] or {}
  if origin.mark and api.nvim_buf_is_valid(origin.buf) then
    return replace(origin, lines)
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
