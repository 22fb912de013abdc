--- Menus and ghost text of other plugins, which go before eke's: Neovim's own menu, coc.nvim, nvim-cmp, blink.cmp.
local M = {}

local watched = {}
local cmp_open = false -- told by its events: cmp.visible() waits, and lets others run meanwhile

local function plugin(name)
  return package.loaded[name] or {}
end

local function is(answer)
  return answer == true or answer == 1
end

--- Is a menu open?
function M.menu()
  local cmp, blink = plugin('cmp'), plugin('blink.cmp')
  return vim.fn.pumvisible() == 1 or is(cmp.visible and cmp.visible()) or is(blink.is_visible and blink.is_visible())
    or (vim.fn.exists('*coc#pum#visible') == 1 and is(vim.fn['coc#pum#visible']()))
end

--- Would Tab go on in a snippet: Neovim's own, LuaSnip's, or one of a plugin for Vim?
function M.in_snippet()
  local luasnip = plugin('luasnip')
  return vim.snippet ~= nil and vim.snippet.active({ direction = 1 })
    or is(luasnip.locally_jumpable and luasnip.locally_jumpable(1)) or is(vim.fn['eke#tab#in_snippet']())
end

--- Is there, at the cursor, text of a menu's, that it has inserted or shows as a ghost of its own?
function M.shows()
  local blink = plugin('blink.cmp')
  return vim.fn.pumvisible() == 1 and vim.fn.complete_info({ 'selected' }).selected >= 0
    or is(blink.is_ghost_text_visible and blink.is_ghost_text_visible())
    or cmp_open and plugin('cmp').get_config().experimental.ghost_text and true or false
end

--- Calls back after a menu came or went, or shows something else. To be called again, as plugins may be loaded at any time.
function M.watch(callback)
  local later = vim.schedule_wrap(callback)
  local cmp = plugin('cmp')
  if not watched.blink then
    local events = { 'BlinkCmpShow', 'BlinkCmpHide', 'BlinkCmpListSelect' }
    watched.blink = vim.api.nvim_create_autocmd('User', { pattern = events, callback = later })
  end
  if not watched.cmp and cmp.event then
    for event, open in pairs({ menu_opened = true, menu_closed = false }) do
      watched.cmp = cmp.event:on(event, function()
        cmp_open = open
        later()
      end)
    end
  end
end

return M
