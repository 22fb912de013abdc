--- The message of a commit, written where it belongs: in the buffer that git has opened for it.
local M = {}

local eke = require('eke')
local client = require('eke.client')

local function written(buf, error, result)
  if error then
    return eke.warn(error.message)
  elseif not vim.api.nvim_buf_is_loaded(buf) then
    return eke.say('the buffer of the message is gone; :EkeHistory has it')
  end
  local lines = vim.split(vim.trim(result.text), '\r?\n')
  -- Models like to fence what they quote.
  if lines[1]:find('^```') and lines[#lines]:find('^```$') then
    lines = vim.list_slice(lines, 2, #lines - 1)
  end
  -- Above what is written there already, which git's comments follow.
  if vim.api.nvim_buf_get_lines(buf, 0, 1, false)[1] ~= '' then
    lines[#lines + 1] = ''
  end
  vim.api.nvim_buf_set_lines(buf, 0, 0, false, lines)
  eke.say('u takes it back')
end

function M.write(words)
  local buf = vim.api.nvim_get_current_buf()
  client.ready(function()
    eke.say('asking for a message …  :EkeCancel takes that back')
    client.request_for(buf, 'chat/send', { prompt = words, command = 'commit' }, function(error, result)
      written(buf, error, result)
    end)
  end)
end

return M
