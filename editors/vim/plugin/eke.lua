-- eke for Neovim 0.10 and later: commands, <Plug> maps, events. Vim has its own in eke.vim; :help eke has the manual.
if vim.g.loaded_eke then
  return
end
vim.g.loaded_eke = 1

if vim.fn.has('nvim-0.10') == 0 then
  vim.notify('eke needs Neovim 0.10 or later', vim.log.levels.WARN)
  return
end

--- A command that calls a function of a module, which is loaded then and not before.
local function command(name, module, fn, options)
  vim.api.nvim_create_user_command(name, function(arguments)
    require(module)[fn](arguments)
  end, options or {})
end

command('EkeChat', 'eke.chat', 'open', { nargs = '*', range = 0, bang = true })
command('EkeAsk', 'eke.chat', 'ask', { nargs = '*', range = 0 })
command('Eke', 'eke.chat', 'command', {
  nargs = '+',
  range = 0,
  complete = function(lead)
    return require('eke.chat').complete(lead)
  end,
})
command('EkeEdit', 'eke.edit', 'propose', { nargs = '+', range = 0, bang = true })
command('EkeApply', 'eke.apply', 'apply', { bang = true })
command('EkeHistory', 'eke.history', 'pick', { nargs = '?' })
command('EkeRename', 'eke.history', 'rename', { nargs = '+' })
command('EkeDelete', 'eke.history', 'delete')
command('EkeExport', 'eke.history', 'export', { nargs = '?', complete = 'file' })
command('EkeModel', 'eke.model', 'choose', {
  nargs = '?',
  complete = function(lead)
    return require('eke.model').complete(lead)
  end,
})
command('EkeRegenerate', 'eke.chat', 'regenerate')
command('EkeCancel', 'eke.chat', 'cancel')
command('EkeStatus', 'eke', 'status')
command('EkeExplain', 'eke', 'explain')
command('EkeToggle', 'eke', 'toggle', {
  nargs = '?',
  complete = function()
    return { 'session', 'buffer', 'filetype' }
  end,
})
command('EkeRestart', 'eke.client', 'restart')
command('EkeStop', 'eke.client', 'stop')
vim.api.nvim_create_user_command('EkeDoctor', 'checkhealth eke', {})

for name, action in pairs({
  accept = 'accept("all")',
  ['accept-word'] = 'accept("word")',
  ['accept-line'] = 'accept("line")',
  next = 'cycle(1)',
  previous = 'cycle(-1)',
  dismiss = 'dismiss()',
  suggest = 'suggest(1)',
}) do
  local keys = ('%s<Cmd>lua require("eke.ghost").%s<CR>'):format(name:find('accept') and '<C-G>u' or '', action)
  vim.keymap.set('i', ('<Plug>(eke-%s)'):format(name), keys, { silent = true })
end

local group = vim.api.nvim_create_augroup('eke', {})
local function on(events, callback, pattern)
  vim.api.nvim_create_autocmd(events, { group = group, callback = callback, pattern = pattern, nested = pattern ~= nil })
end

-- The chat's buffers.
on('BufReadCmd', function(event)
  require('eke.chat').read(event.match)
end, 'eke://chat*')
on('SessionLoadPost', function()
  require('eke.chat').restore()
end)
on('VimResized', function()
  if package.loaded['eke.chat'] then
    require('eke.chat').resized()
  end
end)
on('BufWinEnter', function()
  require('eke.page').window()
end, 'eke://chat*')
on({ 'TextChanged', 'InsertLeave' }, function()
  require('eke.page').changed(true)
end, 'eke://chat*')
on({ 'TextChangedI', 'CompleteDone' }, function()
  require('eke.page').changed(false)
end, 'eke://chat*')
on('InsertEnter', function()
  require('eke.page').enter()
end, 'eke://chat*')

-- Not while the buffer is being read: to vim.lsp that would be a second reading.
on({ 'BufReadPost', 'BufNewFile', 'FileType', 'BufEnter', 'BufFilePost', 'BufWritePost' }, function(event)
  if event.event == 'BufReadPost' then
    vim.b[event.buf].eke_too_large = nil
  end
  vim.schedule(function()
    if package.loaded['eke.client'] and vim.api.nvim_buf_is_valid(event.buf) then
      require('eke.client').visit(event.buf)
    end
  end)
end)
-- vim.lsp would close it under its next name.
on('BufFilePre', function(event)
  if package.loaded['eke.client'] then
    require('eke.client').part(event.buf)
  end
end)
on('InsertEnter', function(event)
  require('eke.client').begin(event.buf)
end)
on({ 'InsertEnter', 'TextChangedI', 'TextChangedP', 'CursorMovedI' }, function()
  require('eke.ghost').moved()
end)
on({ 'InsertLeave', 'BufLeave', 'WinLeave' }, function()
  if package.loaded['eke.ghost'] then
    require('eke.ghost').leave()
  end
end)
-- CTRL-C leaves without InsertLeave; after CTRL-O nothing else says that typing goes on.
on('ModeChanged', function(event)
  local ghost = package.loaded['eke.ghost']
  if ghost and (event.match:find('^[iR].*:[nvVsS]') and not event.match:find(':ni') or event.match:find('^ni.:[iR]')) then
    vim.schedule(function() -- :normal only seems to leave it; and the cursor is not yet where it will be
      if vim.fn.mode():find('^[iR]') then
        ghost.moved()
      else
        ghost.leave()
      end
    end)
  end
end)
on('ColorScheme', function()
  require('eke').highlight()
end)
on('VimLeavePre', function()
  if package.loaded['eke.client'] then
    require('eke.client').leave()
  end
end)

require('eke').highlight()
if vim.v.vim_did_enter == 1 then
  require('eke').check_options()
  require('eke.tab').map()
else
  on('VimEnter', function()
    require('eke').check_options()
    require('eke.tab').map()
  end)
end
