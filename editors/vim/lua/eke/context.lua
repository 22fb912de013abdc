--- What a question is about: lines, a file, diagnostics.
local M = {}

local api = vim.api
local client = require('eke.client')
local text = require('eke.text')

local namespace = api.nvim_create_namespace('eke.origin')

--- Marks lines (first is 1-based), so that they are found again after other edits.
function M.mark(buf, first, lines, id)
  return api.nvim_buf_set_extmark(buf, namespace, first - 1, 0, {
    id = id,
    end_row = first - 1 + #lines - 1,
    end_col = #lines[#lines],
    end_right_gravity = true,
  })
end

--- Where they are now: the first and the last, from 1; nil if they are gone.
function M.marked(buf, id)
  if not api.nvim_buf_is_loaded(buf) then
    return nil
  end
  local mark = api.nvim_buf_get_extmark_by_id(buf, namespace, id, { details = true })
  if mark[1] then
    return mark[1] + 1, mark[3].end_row + 1
  end
end

--- Lines of the current buffer, as the server finds them in its copy; as text if it has none. They are marked for :EkeApply.
function M.lines(first, last)
  local buf = api.nvim_get_current_buf()
  client.visit(buf)
  local lines = api.nvim_buf_get_lines(buf, first - 1, last, false)
  local mark = M.mark(buf, first, lines)
  local sent = client.has(buf) and { kind = 'selection', uri = text.uri(buf), range = text.lines(first, last) }
    or { kind = 'text', name = vim.fn.expand('%:t'), text = table.concat(lines, '\n') }
  local name = vim.fn.expand('%:~:.') .. ':' .. first .. (last > first and '-' .. last or '')
  return { sent = { sent }, buf = buf, mark = mark, lines = lines, name = name }
end

--- What Neovim and plugins that do not tell it (vim-lsp, coc.nvim, ALE) know to be wrong with lines of this buffer.
function M.diagnostics(first, last)
  local found, seen = {}, {}
  local function place(row, column)
    local line = api.nvim_buf_get_lines(0, row, row + 1, false)[1] or ''
    return { line = row, character = text.units(line, column) }
  end
  for _, one in ipairs(vim.diagnostic.get(0)) do
    if one.lnum + 1 <= last and (one.end_lnum or one.lnum) + 1 >= first then
      seen[(one.lnum + 1) .. one.message] = true
      found[#found + 1] = {
        range = { start = place(one.lnum, one.col), ['end'] = place(one.end_lnum or one.lnum, one.end_col or one.col) },
        message = one.message,
        severity = one.severity,
        source = one.source,
        code = (type(one.code) == 'number' or type(one.code) == 'string') and one.code or nil,
      }
    end
  end
  for _, one in ipairs(vim.fn['eke#context#faults'](first, last)) do
    if not seen[one.lnum .. one.message] then
      local start = place(one.lnum - 1, math.max(0, one.col - 1))
      found[#found + 1] = { range = { start = start, ['end'] = start }, message = one.message, severity = one.severity }
    end
  end
  return found
end

--- For a command: the range, else what it needs.
function M.of(needs, name, command)
  local context = {}
  local first, last = 1, api.nvim_buf_line_count(0)
  if command.range > 0 or needs == 'selection' then
    if command.range > 0 then
      first, last = command.line1, command.line2
    else
      first, last = unpack(vim.fn['eke#context#block']())
    end
    context = M.lines(first, last)
  elseif needs == 'file' and client.has(api.nvim_get_current_buf()) then
    context = { sent = { { kind = 'file', uri = text.uri(0) } }, name = vim.fn.expand('%:t') }
  end
  local items = name == 'fix' and context.sent and M.diagnostics(first, last) or {}
  if #items > 0 then
    context.sent[#context.sent + 1] = { kind = 'diagnostics', uri = text.uri(0), items = items }
  end
  return context
end

--- The window with a file that the user was in last.
function M.other_window()
  local candidates = { api.nvim_get_current_win(), vim.fn.win_getid(vim.fn.winnr('#')) }
  for _, window in ipairs(vim.list_extend(candidates, api.nvim_tabpage_list_wins(0))) do
    if window ~= 0 and vim.bo[api.nvim_win_get_buf(window)].buftype == '' then
      return window
    end
  end
end

--- For a command that is given in the chat's buffer: it is about that window.
function M.of_other_window(needs, name)
  local window = M.other_window()
  if not window or needs == 'none' or needs == 'diff' then
    return {}
  end
  return api.nvim_win_call(window, function()
    return M.of(needs, name, { range = 0 })
  end)
end

return M
