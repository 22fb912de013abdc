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

--- The answer to :EkeEdit. Its lines may have moved meanwhile; if they were changed, it is not for them any more.
local function proposed(place, error, result)
  -- The document changed elsewhere: the replacement is good all the same.
  local moved = error and error.code == -32801 and type(error.data) == 'table' and error.data.text
  local shows = not place.blind and eke.option('preview')
  if shows and (not error or moved) and vim.fn.mode() ~= 'n' then
    eke.say('the edit has come; it is shown when you leave Insert mode')
    return vim.fn['eke#preview#in_normal_mode'](function() proposed(place, error, result) end)
  end
  local from, to = require('eke.context').marked(place.buf, place.mark)
  if error and not moved then
    return eke.warn(error.code ~= -32601 and error.message
      or 'this eke proposes no edits yet: update it; :EkeAsk and :EkeApply do without')
  elseif not from or not vim.deep_equal(vim.api.nvim_buf_get_lines(place.buf, from - 1, to, false), place.lines) then
    return eke.warn('these lines have changed since: the edit was left out')
  end
  local new = vim.split((moved or result.text):gsub('\r', ''):gsub('\n$', ''), '\n', { plain = true })
  local function done()
    eke.say('done; u takes it back')
  end
  if shows then
    return vim.fn['eke#preview#open'](place.buf, from, to, new, done)
  end
  vim.api.nvim_buf_set_lines(place.buf, from - 1, to, false, new)
  done()
end

--- :EkeEdit
function M.propose(command)
  local context, client = require('eke.context'), require('eke.client')
  local buf, first, last = vim.api.nvim_get_current_buf(), command.line1, command.line2
  if command.range == 0 then
    first, last = unpack(vim.fn['eke#context#block']())
  end
  client.ready(function()
    client.visit(buf)
    local lines = vim.api.nvim_buf_get_lines(buf, first - 1, last, false)
    local place = { buf = buf, lines = lines, mark = context.mark(buf, first, lines), blind = command.bang }
    eke.say('asking …  :EkeCancel takes that back')
    client.request_for(buf, 'edit/propose', {
      textDocument = { uri = vim.uri_from_bufnr(buf) },
      range = require('eke.text').lines(first, last),
      instruction = command.args,
    }, function(error, result)
      proposed(place, error, result)
    end)
  end)
end

return M
