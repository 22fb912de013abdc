--- The model that answers in a conversation.
local M = {}

local eke = require('eke')
local client = require('eke.client')

local models = {}

local function list(callback)
  client.request('models/list', vim.empty_dict(), function(error, result)
    if error then
      return eke.warn(error.message)
    end
    models = vim.tbl_map(function(one) return one.id end, result.models)
    callback()
  end)
end

--- :EkeModel
function M.choose(command)
  local chat = require('eke.chat').current()
  local function choose(name)
    chat.model = name ~= 'default' and name or nil
    vim.cmd.redrawstatus({ bang = true })
    eke.say(chat.model and chat.model .. ' answers from now on' or 'the configured model answers')
  end
  if command.args ~= '' then
    return choose(command.args)
  end
  list(function()
    require('eke.picker').pick(vim.list_extend({ 'default' }, models), { prompt = 'Models', kind = 'eke.model' }, choose)
  end)
end

function M.complete(lead)
  if #models == 0 and client.state == 'running' then
    list(function() end)
  end
  return vim.tbl_filter(function(name)
    return vim.startswith(name, lead)
  end, vim.list_extend({ 'default' }, models))
end

return M
