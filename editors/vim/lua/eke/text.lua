--- Where Neovim and the protocol count differently: bytes, and units of the position encoding.
local M = {}

local newer = vim.fn.has('nvim-0.11') == 1

local function encoding()
  local client = require('eke.client').client()
  return client and client.offset_encoding or 'utf-16'
end

--- How many units the first bytes of a line have.
function M.units(line, bytes, with)
  with = with or encoding()
  bytes = math.min(bytes, #line)
  if with == 'utf-8' then
    return bytes
  elseif newer then
    return vim.str_utfindex(line, with, bytes, false)
  end
  local utf32, utf16 = vim.str_utfindex(line, bytes)
  return with == 'utf-16' and utf16 or utf32
end

--- The other way; past the end counts as the end.
function M.bytes(line, units)
  local with = encoding()
  if with == 'utf-8' then
    return math.min(units, #line)
  elseif newer then
    return vim.str_byteindex(line, with, units, false)
  end
  local found, bytes = pcall(vim.str_byteindex, line, units, with == 'utf-16')
  return found and bytes or #line
end

function M.utf16(text)
  return M.units(text, #text, 'utf-16')
end

--- The position of the cursor.
function M.position()
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  return { line = row - 1, character = M.units(vim.api.nvim_get_current_line(), column) }
end

function M.uri(buf)
  return vim.uri_from_bufnr(buf)
end

--- What the current buffer is indented with, LSP's FormattingOptions.
function M.formatting()
  local spaces = vim.bo.expandtab
  return { tabSize = spaces and vim.fn.shiftwidth() or vim.bo.tabstop, insertSpaces = spaces }
end

--- Whole lines, 1-based and inclusive, as a range.
function M.lines(first, last)
  return { start = { line = first - 1, character = 0 }, ['end'] = { line = last, character = 0 } }
end

return M
