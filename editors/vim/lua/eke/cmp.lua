--- A source for nvim-cmp: require('cmp').register_source('eke', require('eke.cmp').new())
local menu = require('eke.menu')

local source = {}

function source.new()
  return setmetatable({}, { __index = source })
end

function source:get_position_encoding_kind()
  local client = require('eke.client').client()
  return client and client.offset_encoding or 'utf-16'
end

function source:complete(_, callback)
  menu.items(function(items)
    callback({ items = items or {}, isIncomplete = true })
  end)
end

function source:execute(item, callback)
  menu.taken(item)
  callback(item)
end

return source
