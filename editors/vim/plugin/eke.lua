-- eke for Neovim 0.10 and later: commands, <Plug> maps, events. Vim has its own in eke.vim; :help eke has the manual.
if vim.g.loaded_eke then
  return
end
vim.g.loaded_eke = 1

if vim.fn.has('nvim-0.10') == 0 then
  vim.notify('eke needs Neovim 0.10 or later', vim.log.levels.WARN)
  return
end

--- Calls a function of a module, which is loaded then and not before.
local function call(module, name, ...)
  local arguments = { ... }
  return function()
    require(module)[name](unpack(arguments))
  end
end

local function command(name, module, fn, options)
  vim.api.nvim_create_user_command(name, function(arguments)
    require(module)[fn](arguments)
  end, options or {})
end

local ranged = { nargs = '*', range = 0 }
command('EkeChat', 'eke.chat', 'open', ranged)
command('EkeAsk', 'eke.chat', 'ask', ranged)
command('Eke', 'eke.chat', 'command', {
  nargs = '+',
  range = 0,
  complete = function(lead)
    return require('eke.chat').complete(lead)
  end,
})
command('EkeEdit', 'eke.edit', 'propose', { nargs = '+', range = 0 })
command('EkeApply', 'eke.chat', 'apply')
command('EkeHistory', 'eke.chat', 'history', { nargs = '?' })
command('EkeCancel', 'eke.chat', 'cancel')
command('EkeStatus', 'eke', 'status')
command('EkeExplain', 'eke', 'explain')
command('EkeToggle', 'eke', 'toggle')
command('EkeRestart', 'eke.client', 'restart')
command('EkeStop', 'eke.client', 'stop')
vim.api.nvim_create_user_command('EkeDoctor', 'checkhealth eke', {})

local function plug(name, module, fn, argument)
  local undo = fn == 'accept' and '<C-G>u' or ''
  vim.keymap.set('i', ('<Plug>(eke-%s)'):format(name), function()
    vim.schedule(call(module, fn, argument))
    return undo
  end, { expr = true, silent = true })
end

plug('accept', 'eke.ghost', 'accept', 'all')
plug('accept-word', 'eke.ghost', 'accept', 'word')
plug('accept-line', 'eke.ghost', 'accept', 'line')
plug('next', 'eke.ghost', 'cycle', 1)
plug('previous', 'eke.ghost', 'cycle', -1)
plug('dismiss', 'eke.ghost', 'dismiss')
plug('suggest', 'eke.ghost', 'suggest', 1)

local group = vim.api.nvim_create_augroup('eke', {})
local function on(events, callback)
  vim.api.nvim_create_autocmd(events, { group = group, callback = callback })
end

-- Not while the buffer is being read: to vim.lsp that would be a second reading.
on({ 'BufReadPost', 'BufNewFile', 'FileType', 'BufEnter', 'InsertEnter' }, function(event)
  vim.schedule(function()
    if vim.api.nvim_buf_is_valid(event.buf) then
      require('eke.client').visit(event.buf)
    end
  end)
end)
on({ 'InsertEnter', 'TextChangedI', 'TextChangedP', 'CursorMovedI' }, function()
  require('eke.ghost').moved()
end)
on({ 'InsertLeave', 'BufLeave', 'WinLeave' }, function()
  require('eke.ghost').leave()
end)
on('ColorScheme', function()
  require('eke').highlight()
end)
on('VimLeavePre', function()
  require('eke.client').leave()
end)

require('eke').highlight()
if vim.v.vim_did_enter == 1 then
  require('eke.tab').map()
else
  on('VimEnter', function()
    require('eke.tab').map()
  end)
end
