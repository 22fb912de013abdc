--- A source for blink.cmp: sources.providers.eke = { name = 'eke', module = 'eke.blink', async = true }
local menu = require('eke.menu')

local source = {}

function source.new()
  return setmetatable({}, { __index = source })
end

function source:get_completions(_, callback)
  return menu.items(function(items)
    local client = require('eke.client').client()
    for _, item in ipairs(items or {}) do
      item.client_id = client and client.id -- whose position encoding it has
    end
    callback({ items = items or {}, is_incomplete_forward = true, is_incomplete_backward = true })
  end)
end

function source:execute(_, item, callback, default)
  default()
  menu.taken(item)
  callback()
end

return source
