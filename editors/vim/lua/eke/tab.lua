--- The keys that eke maps by itself. Tab takes the completion that is shown. Whatever else Tab does stays: an own mapping,
--- another plugin's or Neovim's (snippets), the completion menu, the indent at the start of a line. g:eke_tab = 0 keeps Tab as it was.
local M = {}

local falling = false

local function key()
  local ghost = require('eke.ghost')
  if falling then
    return '<Plug>(eke-plain-tab)' -- the former mapping ends in a Tab of its own
  end
  if ghost.visible() and not require('eke.others').menu() and not require('eke.others').in_snippet() and not ghost.indents() then
    return '<Plug>(eke-accept)'
  end
  falling = true
  vim.schedule(function()
    falling = false
  end)
  return '<Plug>(eke-former-tab)'
end

--- The other keys, as users of copilot.vim know them; what is mapped already stays.
local function map_others()
  for lhs, rhs in pairs(require('eke').option('keys') and {
    ['<M-Right>'] = '<Plug>(eke-accept-word)',
    ['<M-C-Right>'] = '<Plug>(eke-accept-line)',
    ['<M-]>'] = '<Plug>(eke-next)',
    ['<M-[>'] = '<Plug>(eke-previous)',
    ['<M-Bslash>'] = '<Plug>(eke-suggest)',
    ['<C-]>'] = '<Plug>(eke-dismiss)<Plug>(eke-plain-key)',
  } or {}) do
    if vim.fn.mapcheck(lhs, 'i') == '' then
      vim.keymap.set('i', lhs, rhs, { remap = true, silent = true, desc = 'eke' })
    end
  end
  vim.keymap.set('i', '<Plug>(eke-plain-key)', '<C-]>')
end

--- After the user's own files, so that what they map is known.
function M.map()
  map_others()
  if not require('eke').option('tab') then
    return
  end
  -- maparg() would tell that of the buffer alone, where there is one.
  local former = vim.tbl_filter(function(map)
    return map.lhs == '<Tab>'
  end, vim.api.nvim_get_keymap('i'))[1]
  vim.keymap.set('i', '<Plug>(eke-plain-tab)', '<Tab>')
  if not former then
    vim.keymap.set('i', '<Plug>(eke-former-tab)', '<Tab>')
  else
    former.lhs, former.lhsrawalt = '<Plug>(eke-former-tab)', nil
    former.lhsraw = vim.api.nvim_replace_termcodes('<Plug>(eke-former-tab)', true, true, true)
    vim.fn.mapset('i', false, former)
  end
  vim.keymap.set('i', '<Tab>', key, { expr = true, remap = true, silent = true, desc = 'eke: take the completion' })
end

return M
