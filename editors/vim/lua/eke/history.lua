--- Conversations that were had before: to go on with, to rename, to delete, to export.
local M = {}

local eke = require('eke')
local client = require('eke.client')

local TOO_OLD = -32601

--- Calls back with the result, or says what is wrong.
local function ask(method, params, callback)
  client.request(method, params, function(error, result)
    if error then
      return eke.warn(error.code == TOO_OLD and 'this eke keeps no chats yet: update it' or error.message)
    end
    callback(result)
  end)
end

--- :EkeHistory
function M.pick(command)
  ask('chat/list', { limit = 50, query = command.args ~= '' and command.args or nil }, function(result)
    if #result.chats == 0 then
      return eke.say('no chats')
    end
    require('eke.picker').pick(result.chats, {
      prompt = 'Chats',
      kind = 'eke.chat',
      format_item = function(one)
        return one.updatedAt:sub(6, 10) .. ' ' .. one.title
      end,
    }, function(choice)
      ask('chat/get', { chatId = choice.chatId }, require('eke.chat').recall)
    end)
  end)
end

--- The last conversation of this folder, into a buffer that a session brought back.
function M.latest(chat)
  ask('chat/list', { limit = 1, workspace = vim.uri_from_fname(vim.uv.cwd()) }, function(result)
    if result.chats[1] then
      ask('chat/get', { chatId = result.chats[1].chatId }, function(found)
        require('eke.chat').fill(chat, found)
      end)
    end
  end)
end

-- The one on the screen.

local function current()
  local chat = require('eke.chat').current()
  if not chat.id then
    eke.say('there is no conversation yet')
    return nil
  end
  return chat
end

--- :EkeRename
function M.rename(command)
  local chat = current()
  if chat then
    ask('chat/rename', { chatId = chat.id, title = command.args }, function()
      chat.title = command.args
      vim.cmd.redrawstatus({ bang = true })
    end)
  end
end

--- :EkeDelete
function M.delete()
  local chat = current()
  if not chat or vim.fn.confirm('eke: delete the conversation "' .. chat.title .. '"?', '&Yes\n&No', 2) ~= 1 then
    return
  end
  local id = chat.id
  ask('chat/delete', { chatId = id }, function()
    require('eke.chat').forget(id)
    eke.say('deleted')
  end)
end

--- :EkeExport
function M.export(command)
  local chat, file = current(), command.args
  if not chat then
    return
  end
  ask('chat/export', { chatId = chat.id, format = file:find('%.json$') and 'json' or 'markdown' }, function(result)
    local lines = vim.split(vim.trim(result.text), '\n')
    if file == '' then
      vim.cmd.new()
      vim.bo.filetype = 'markdown'
      return vim.api.nvim_buf_set_lines(0, 0, -1, false, lines)
    elseif vim.fn.filereadable(file) == 1
      and vim.fn.confirm('eke: ' .. file .. ' is there already. Overwrite it?', '&Yes\n&No', 2) ~= 1 then
      return
    end
    eke.say((vim.fn.writefile(lines, file) == 0 and 'written to ' or 'cannot write ') .. file)
  end)
end

return M
