--- For the completion menus of other plugins: eke's completions as items of LSP's textDocument/completion.
local M = {}

local api = vim.api
local client = require('eke.client')
local eke = require('eke')
local text = require('eke.text')

--- An item replaces the word before the cursor as well, because menus show what begins with that.
local function item_of(inline, line, cursor)
  local range = inline.range or { start = cursor, ['end'] = cursor }
  local word = line:sub(1, text.bytes(line, range.start.character)):match('[%w_\128-\255]*$')
  local whole = word .. inline.insertText
  local label = vim.trim(whole:match('^[^\n]*'))
  return {
    label = whole:find('\n') and label .. ' …' or label,
    filterText = whole:match('^[^\n]*'),
    kind = vim.lsp.protocol.CompletionItemKind.Text,
    insertTextFormat = 1,
    insertTextMode = 1,
    documentation = { kind = 'markdown', value = ('```%s\n%s\n```'):format(vim.bo.filetype, whole) },
    textEdit = {
      range = { start = { line = range.start.line, character = range.start.character - text.units(word, #word) }, ['end'] = range['end'] },
      newText = whole,
    },
    data = { command = inline.command },
  }
end

--- What is known at the cursor; the callback gets the items, or nil. Returns a function that takes the question back.
function M.items(callback)
  local buf, request, gone = api.nvim_get_current_buf(), nil, false
  client.begin(buf)
  if not eke.wanted(buf) or client.state == 'failed' or client.state == 'stopped' then
    callback(nil)
    return function() end
  end
  client.ready(function()
    if gone or buf ~= api.nvim_get_current_buf() or not client.has(buf) then
      return callback(nil)
    end
    local line, cursor = api.nvim_get_current_line(), text.position()
    request = client.request('textDocument/inlineCompletion', {
      textDocument = { uri = text.uri(buf) },
      position = cursor,
      context = { triggerKind = 2 },
      formattingOptions = text.formatting(),
    }, function(error, result)
      local inline = not error and result and result ~= vim.NIL and (result.items or result) or {}
      callback(vim.tbl_map(function(one)
        return item_of(one, line, cursor)
      end, inline))
    end, buf)
  end)
  return function()
    gone = true
    client.cancel(request)
  end
end

--- The user took an item.
function M.taken(item)
  local command = (item.data or {}).command
  if command then
    local params = { command = command.command, arguments = command.arguments or {} }
    client.request('workspace/executeCommand', params, function() end)
  end
end

return M
