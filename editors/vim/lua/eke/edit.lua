--- Questions of the server's, and :EkeEdit, which asks it for an edit. Other edits and documents are vim.lsp's own affair.
local M = {}

local eke = require('eke')

--- Runs in a coroutine of vim.lsp's, which waits. Not before the user has left Insert mode, whose keys are no answers.
function M.question(params)
  local waiting = coroutine.running()
  local function ask()
    vim.ui.select(params.actions or {}, {
      prompt = 'eke: ' .. params.message,
      format_item = function(action)
        return action.title
      end,
    }, function(choice)
      coroutine.resume(waiting, choice or vim.NIL)
    end)
  end
  if vim.fn.mode() == 'n' then
    vim.schedule(ask)
  else
    eke.warn(params.message .. '\n(you will be asked in Normal mode)')
    vim.api.nvim_create_autocmd('ModeChanged', { pattern = '*:n', once = true, callback = function() vim.schedule(ask) end })
  end
  return coroutine.yield()
end

function M.propose(command)
  local first, last = command.line1, command.line2
  if command.range == 0 then
    first = vim.api.nvim_win_get_cursor(0)[1]
    last = first
  end
  local buf = vim.api.nvim_get_current_buf()
  require('eke.client').ready(function()
    require('eke.client').visit(buf)
    local tick = vim.b[buf].changedtick
    eke.say('asking …')
    require('eke.client').request('edit/propose', {
      textDocument = { uri = vim.uri_from_bufnr(buf) },
      range = require('eke.text').lines(first, last),
      instruction = command.args,
    }, function(error, result)
      if error then
        return eke.warn(error.code ~= -32601 and error.message
          or 'this eke proposes no edits yet: update it; :EkeAsk and :EkeApply do without')
      elseif vim.b[buf].changedtick ~= tick then
        return eke.warn('the text has changed since: the edit was left out')
      end
      vim.lsp.util.apply_workspace_edit(result.edit, require('eke.client').client().offset_encoding)
      eke.say('done; u takes it back')
    end, buf)
  end)
end

return M
