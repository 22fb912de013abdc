--- Puts accepted text at the cursor. In Insert mode it is typed, as only what is typed is repeated by "." and by a count; then it is
--- compared with what should be there, as options and other plugins may have had a hand in it.
local M = {}

local api = vim.api

local OPTIONS = {
  autoindent = false, cindent = false, smartindent = false, indentexpr = '', textwidth = 0, wrapmargin = 0, formatoptions = '',
  softtabstop = 0, iminsert = 0,
}

local typing = nil

--- Blanks and punctuation behind CTRL-V mean themselves. After a line break whatever is put there to begin the line with goes.
local function keys_of(text)
  return (text:gsub('[%c%p ]', function(char)
    return char == '\n' and '\r0\21' .. '0\4' or '\22' .. char
  end))
end

--- The text in place of so many bytes right of the cursor, which then stands behind it; then calls back.
function M.text(text, replaced, callback)
  local row, column = unpack(api.nvim_win_get_cursor(0))
  local line = api.nvim_get_current_line()
  local lines = vim.split(text, '\n', { plain = true })
  local cursor = { row + #lines - 1, #lines == 1 and column + #text or #lines[#lines] }
  if vim.fn.mode() ~= 'i' then
    api.nvim_buf_set_text(0, row - 1, column, row - 1, column + replaced, lines)
    api.nvim_win_set_cursor(0, cursor)
    return callback()
  end
  local characters = vim.fn.strcharlen(line:sub(column + 1, column + replaced))
  lines[1] = line:sub(1, column) .. lines[1]
  lines[#lines] = lines[#lines] .. line:sub(column + replaced + 1)
  typing = {
    buf = api.nvim_get_current_buf(), row = row, lines = lines, cursor = cursor, total = api.nvim_buf_line_count(0),
    callback = callback, options = {}, events = vim.o.eventignore,
  }
  for name, value in pairs(OPTIONS) do
    typing.options[name], vim.bo[name] = vim.bo[name], value
  end
  vim.opt.eventignore:append('InsertCharPre')
  -- Before all that waits, the first at last.
  api.nvim_feedkeys(vim.keycode('<Cmd>lua require("eke.insert").typed()<CR>'), 'in', false)
  api.nvim_feedkeys(keys_of(text), 'in', true)
  api.nvim_feedkeys(vim.keycode(('<Del>'):rep(characters)), 'in', false)
  vim.defer_fn(M.typed, 0) -- should CTRL-C have thrown the keys away
end

function M.typed()
  local done = typing
  if not done then
    return
  end
  typing = nil
  vim.o.eventignore = done.events
  if api.nvim_buf_is_valid(done.buf) then
    for name, value in pairs(done.options) do
      vim.bo[done.buf][name] = value
    end
  end
  if api.nvim_get_current_buf() == done.buf then
    local there = done.row - 1 + math.max(1, api.nvim_buf_line_count(0) - done.total + 1)
    if not vim.deep_equal(api.nvim_buf_get_lines(0, done.row - 1, there, false), done.lines) then
      api.nvim_buf_set_lines(0, done.row - 1, there, false, done.lines)
    end
    api.nvim_win_set_cursor(0, done.cursor)
  end
  done.callback()
end

return M
