--- A list to pick from, in whose window the user knows: vim.ui.select where a plugin has taken its place; else fzf-lua's, telescope's
--- or fzf's where there is one; else Neovim's own.
local M = {}

local function fzf_lua(items, options, callback)
  local found, picker = pcall(require, 'fzf-lua.providers.ui_select')
  if found and picker.ui_select and vim.fn['eke#has_fzf']() == 1 then
    picker.ui_select(items, options, callback)
    return true
  end
end

local function telescope(items, options, callback)
  local found, pickers = pcall(require, 'telescope.pickers')
  if not found then
    return false
  end
  local actions, state = require('telescope.actions'), require('telescope.actions.state')
  pickers.new({}, {
    prompt_title = options.prompt,
    finder = require('telescope.finders').new_table({
      results = items,
      entry_maker = function(item)
        local words = options.format_item(item)
        return { value = item, display = words, ordinal = words }
      end,
    }),
    sorter = require('telescope.config').values.generic_sorter({}),
    attach_mappings = function(buf)
      actions.select_default:replace(function()
        local entry = state.get_selected_entry()
        actions.close(buf)
        if entry then
          callback(entry.value)
        end
      end)
      return true
    end,
  }):find()
  return true
end

local function fzf(items, options, callback)
  if vim.fn.exists('*fzf#run') == 0 or vim.fn['eke#has_fzf']() == 0 then
    return false
  end
  local words = {}
  for i, item in ipairs(items) do
    words[i] = ('%d %s'):format(i, options.format_item(item))
  end
  vim.fn['eke#fzf'](options.prompt, words, function(line)
    callback(items[tonumber(line:match('^%d+'))])
  end)
  return true
end

--- Calls back with the item that was picked, if one was. options: prompt, kind, format_item.
function M.pick(items, options, callback)
  options.format_item = options.format_item or tostring
  local function picked(item)
    if item then
      callback(item)
    end
  end
  if debug.getinfo(vim.ui.select, 'S').source:find('vim/ui.lua', 1, true) then
    for _, picker in ipairs({ fzf_lua, telescope, fzf }) do
      if picker(items, options, picked) then
        return
      end
    end
  end
  vim.ui.select(items, options, picked)
end

return M
