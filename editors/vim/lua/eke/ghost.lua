--- Ghost text: asks for completions where the cursor is, shows one as virtual text, and takes it as a whole or in parts.
---
--- shown is what is on the screen: the items, which of them, and for each the place (row, column: 0-based bytes) where its text
--- begins, which may be left of the cursor. It stays while the user types what it says: then there is only less of it to show.
local M = {}

local api = vim.api
local eke = require('eke')
local client = require('eke.client')
local others = require('eke.others')
local text = require('eke.text')

local namespace = api.nvim_create_namespace('eke.ghost')
local shown = nil
local asked = {} -- the request in flight, and the place it was made for
local seen = {} -- ids of items that the server was told are on the screen
local chosen = nil -- id of the candidate that the user went to
local wants_other = false -- the user asked for another candidate
local dismissed = nil -- the place where the user said no
local drawn = nil -- the buffer that has virtual text

-- Asking.

local function place()
  local row, column = unpack(api.nvim_win_get_cursor(0))
  return { buf = api.nvim_get_current_buf(), tick = vim.b.changedtick, row = row - 1, column = column }
end

local function inserting()
  return vim.fn.mode():find('^[iR]') ~= nil
end

local function id_of(item)
  return vim.inspect((item.command or {}).arguments)
end

--- Where the item's text begins, the text right of the cursor that it replaces, and what stands behind that.
local function anchor(item, at)
  local line = api.nvim_get_current_line()
  local right = line:sub(at.column + 1)
  if not item.range then
    return { row = at.row, column = at.column, tail = '', behind = right }
  end
  local start, last = item.range.start, item.range['end']
  local first = api.nvim_buf_get_lines(at.buf, start.line, start.line + 1, false)[1] or ''
  local tail = last.line == at.row and math.max(0, text.bytes(line, last.character) - at.column) or 0
  local column = text.bytes(first, start.character)
  return { row = start.line, column = column, tail = right:sub(1, tail), behind = right:sub(tail + 1) }
end

local ask

--- An answer counts only if nothing has happened since its request; null lets stand what is shown.
local function on_items(request, result)
  if request ~= asked then
    return
  end
  asked.id = nil
  if wants_other and request.kind == 1 then
    wants_other = false
    if #(result and result ~= vim.NIL and (result.items or result) or {}) < 2 then
      eke.say('there is no other one here; completion.candidates in the settings has more asked for at once')
    end
  end
  if not inserting() or not vim.deep_equal(request.place, place()) or not result or result == vim.NIL then
    return
  end
  local items = vim.tbl_filter(function(item)
    return type(item.insertText) == 'string'
  end, result.items or result)
  shown = #items > 0 and { items = items, index = 1, buf = request.place.buf } or nil
  for index, item in ipairs(items) do
    item.at = anchor(item, request.place)
    if chosen and id_of(item) == chosen then
      shown.index = index
    end
  end
  M.draw()
  if result.isIncomplete then
    ask(request.place, request.kind) -- it is answered when there is more to show
  end
end

function ask(at, kind)
  -- One that is still in flight is not cancelled: the server answers it at once, and keeps what it has asked for.
  local request = { place = at, kind = kind }
  asked = request
  request.id = client.request('textDocument/inlineCompletion', {
    textDocument = { uri = text.uri(at.buf) },
    position = text.position(),
    context = { triggerKind = kind },
    formattingOptions = text.formatting(),
  }, function(error, result)
    on_items(request, not error and result or nil)
  end, at.buf)
end

--- Text or cursor changed in Insert mode.
function M.moved()
  if not eke.option('ghost') then
    return
  end
  local at = place()
  client.visit(at.buf) -- b:eke_enabled may have been set just now
  if not client.has(at.buf) then
    return M.leave()
  end
  others.watch(M.menu_changed)
  M.draw()
  if not eke.option('auto') or vim.o.paste or others.shows() then
    return
  end
  if not vim.deep_equal(at, asked.place) and not vim.deep_equal(at, dismissed) then
    ask(at, 2)
  end
end

--- Another plugin's menu came, went or shows something else.
function M.menu_changed()
  if inserting() then
    M.moved()
  end
end

--- The user asks.
function M.suggest(kind)
  client.begin(api.nvim_get_current_buf())
  if client.has(api.nvim_get_current_buf()) then
    dismissed = nil
    ask(place(), kind)
  end
end

function M.cycle(step)
  if not shown or #shown.items < 2 then
    wants_other = shown ~= nil
    return M.suggest(1)
  end
  shown.index = (shown.index - 1 + step) % #shown.items + 1
  chosen = id_of(shown.items[shown.index])
  M.draw()
end

local function erase()
  if drawn and api.nvim_buf_is_valid(drawn) then
    api.nvim_buf_clear_namespace(drawn, namespace, 0, -1)
  end
  drawn = nil
end

function M.leave()
  client.cancel(asked.id)
  asked, dismissed, shown = {}, nil, nil
  erase()
end

-- What there is to show.

--- What stands between the cursor and the text that stood behind the item's range. What the range had there goes when it is typed
--- over or deleted; auto-pairs add closers. All that is right of the cursor, if it does not end in that text any more. A line break
--- that was typed may have taken blanks away.
local function before(behind, right)
  local length = #right - #behind
  if length >= 0 and right:sub(length + 1) == behind then
    return right:sub(1, length)
  end
  return right == behind:gsub('^[ \t]+', '') and '' or right
end

--- A bracket that closes what the text has not opened itself, if there is one; else the last. Others where they are first. -1: none.
local function find(whole, char, from)
  local opener = ({ [')'] = '(', [']'] = '[', ['}'] = '{' })[char]
  if not opener then
    return vim.fn.match(whole, [[\\\@<!\V]] .. vim.fn.escape(char, '\\'), from)
  end
  local pattern = [["\%(\\.\|[^"\\]\)*"\|'\%(\\.\|[^'\\]\)*'\|[]] .. opener .. '\\' .. char .. ']'
  local depth = 0
  local found, at, last = unpack(vim.fn.matchstrpos(whole, pattern, from))
  while at >= 0 and (found ~= char or depth > 0) do
    depth = depth + (found == opener and 1 or found == char and -1 or 0)
    found, at, last = unpack(vim.fn.matchstrpos(whole, pattern, last))
  end
  local other = vim.fn.strridx(whole, char)
  return at >= 0 and at or other >= from and other or -1
end

--- Where the text has each character of the tail, in order, as far as it has them: offsets from 0.
local function spots_of(whole, tail)
  local spots, at = {}, 0
  for _, char in ipairs(vim.fn.split(tail, [[\zs]])) do
    at = find(whole, char, at)
    if at < 0 then
      break
    end
    spots[#spots + 1] = { at = at, char = char }
    at = at + #char
  end
  return spots
end

--- Of the shown item: what is not typed yet, the text right of the cursor that it takes the place of, and where it has that in it.
--- nil if the text at the cursor is not its beginning, or there is nothing left.
local function rest()
  if not shown or shown.buf ~= api.nvim_get_current_buf() then
    return nil
  end
  local item = shown.items[shown.index]
  local at, cursor = item.at, place()
  if cursor.row < at.row or (cursor.row == at.row and cursor.column < at.column) then
    return nil
  end
  local first = api.nvim_buf_get_lines(0, at.row, at.row + 1, false)[1] or ''
  if at.column > #first then
    return nil
  end
  local typed = table.concat(api.nvim_buf_get_text(0, at.row, at.column, cursor.row, cursor.column, {}), '\n')
  local right = api.nvim_get_current_line():sub(cursor.column + 1)
  if item.insertText:sub(1, #typed) ~= typed or #typed == #item.insertText then
    return nil
  end
  local whole, tail = item.insertText:sub(#typed + 1), before(at.behind, right)
  local spots = spots_of(whole, tail)
  if not vim.endswith(at.tail, tail) and (tail:find('[^%])}>"\'`]') or #spots < #tail) then
    return nil
  end
  return { text = whole, tail = tail, spots = spots, item = item, cursor = cursor, right = right }
end

function M.visible()
  return drawn ~= nil and inserting() and rest() ~= nil
end

--- Would the key that accepts do better to indent? At the start of a line, where the completion goes on with blanks.
function M.indents()
  local left = rest()
  return left ~= nil and left.text:find('^%s') ~= nil
    and api.nvim_get_current_line():sub(1, left.cursor.column):find('^%s*$') ~= nil
end

-- Drawing.

--- Tabs as wide as they will be, control characters as they are shown.
local function printable(line, column)
  local out = ''
  for part, tab in line:gmatch('([^\t]*)(\t?)') do
    out = out .. part
    if tab ~= '' then
      out = out .. (' '):rep(vim.bo.tabstop - (column + vim.fn.strdisplaywidth(out)) % vim.bo.tabstop)
    end
  end
  return vim.fn.strtrans(out)
end

local function inline(cursor, column, part, virtual)
  if part ~= '' then
    api.nvim_buf_set_extmark(cursor.buf, namespace, cursor.row, column, {
      virt_text = { { printable(part, virtual), 'EkeGhost' } },
      virt_text_pos = 'inline',
      hl_mode = 'replace',
    })
  end
end

--- The first line, around the characters that it has in it, too; what else it replaces, or takes down with it, is shown as gone.
local function draw_line(cursor, first, gone, spots)
  local column, virtual, done = cursor.column, vim.fn.virtcol('.') - 1, 0
  for _, spot in ipairs(spots) do
    if spot.at >= #first then
      break
    end
    inline(cursor, column, first:sub(done + 1, spot.at), virtual)
    done, column, gone = spot.at + #spot.char, column + #spot.char, gone:sub(#spot.char + 1)
  end
  if gone ~= '' then
    local replaced = { end_col = column + #gone, hl_group = 'EkeReplaced', priority = 200 }
    api.nvim_buf_set_extmark(cursor.buf, namespace, cursor.row, column, replaced)
  end
  inline(cursor, column, first:sub(done + 1), virtual)
end

--- Of a line in the window.
local function text_width()
  return vim.wo.wrap and api.nvim_win_get_width(0) - vim.fn.getwininfo(api.nvim_get_current_win())[1].textoff or 9999
end

--- As much of the first line as there is room for down to the end of the window, with so many columns of text behind it.
local function fit(first, virtual, behind)
  local width = text_width()
  local rows = api.nvim_win_get_height(0) - vim.fn.winline() + 1
  if rows > 1 and (vim.wo.linebreak or vim.wo.breakindent or vim.o.showbreak ~= '') then -- these take room of their own
    rows = rows - 1
  end
  local room = rows * width - (virtual - 1) % width - behind
  if vim.fn.strdisplaywidth(first, virtual - 1) <= room then
    return first
  end
  while first ~= '' and vim.fn.strdisplaywidth(first, virtual - 1) > room - 1 do
    first = vim.fn.strcharpart(first, 0, vim.fn.strchars(first) - 1)
  end
  return first == '' and '' or first .. '…'
end

--- The other lines, as many as there is room for below the cursor: the window is not scrolled under who types.
--- virtual, last: the columns on the screen of the cursor, and of the end of its line.
local function draw_below(cursor, lines, virtual, last)
  local width = text_width()
  local height = api.nvim_win_get_height(0)
  local own = math.max(0, math.floor((last - 1) / width) - math.floor((virtual - 1) / width))
  local most = math.max(0, height - vim.fn.winline() - own)
  local rows, count = {}, 0
  for _, line in ipairs(lines) do
    local pieces = eke.pieces(printable(line, 0), width)
    if #rows + #pieces > most then
      break
    end
    count = count + 1
    for _, piece in ipairs(pieces) do
      rows[#rows + 1] = { { piece, 'EkeGhost' } }
    end
  end
  if count < #lines and #rows == 0 then
    local more = (' … %d more'):format(#lines)
    if vim.fn.strdisplaywidth(more) < width - (last - 1) % width then -- else it would wrap, to no room
      inline(cursor, #api.nvim_get_current_line(), more, 0)
    end
  elseif count < #lines then
    local more = (' … %d more'):format(#lines - count)
    rows[#rows][1][1] = vim.fn.strcharpart(rows[#rows][1][1], 0, width - 12) .. more
  end
  if #rows > 0 then
    api.nvim_buf_set_extmark(cursor.buf, namespace, cursor.row, 0, { virt_lines = rows })
  end
end

local function reference(item)
  return { insertText = item.insertText, command = item.command }
end

local function tell_shown(item)
  if not seen[id_of(item)] then
    seen[id_of(item)] = true
    eke.event('EkeShown')
    client.notify('textDocument/didShowCompletion', { item = reference(item) })
  end
end

function M.draw()
  erase()
  if not shown then
    return
  end
  local left = rest()
  if not left then
    shown = nil
    return
  elseif others.shows() then
    return
  end
  local lines = vim.split(left.text, '\n', { plain = true })
  drawn = shown.buf
  local gone = left.tail
  if #lines > 1 then -- what stands right of it will go down to its last line: it is shown there, and as gone from here
    gone = left.right
    lines[#lines] = lines[#lines] .. gone:sub(#left.tail + 1)
  end
  local first = table.remove(lines, 1)
  -- Before there is ghost text, which would count.
  local virtual, last = vim.fn.virtcol('.'), vim.fn.virtcol('$') - 1
  first = fit(first, virtual, last + 1 - virtual)
  last = last + vim.fn.strdisplaywidth(first, virtual - 1)
  for _, spot in ipairs(left.spots) do
    last = spot.at < #first and last - 1 or last
  end
  draw_line(left.cursor, first, gone, left.spots)
  draw_below(left.cursor, lines, virtual, last)
  tell_shown(left.item)
end

-- Accepting.

local function tell(command, item)
  if item.command then
    local params = { command = command or item.command.command, arguments = item.command.arguments or {} }
    client.request('workspace/executeCommand', params, function() end)
  end
end

function M.dismiss()
  if shown then
    tell('eke.reject', shown.items[shown.index])
    eke.event('EkeDismissed')
  end
  M.leave()
  dismissed = place()
end

local function part_of(whole, what)
  if what == 'word' then
    return vim.fn.matchstr(whole, [[^\_s*\%(\k\+\|\%(\k\@!\S\)\+\|$\)]])
  elseif what == 'line' then
    return vim.fn.matchstr(whole, [[^\n\?[^\n]*]])
  end
  return whole
end

--- Takes what is shown: all of it, a word, or a line.
function M.accept(what)
  local left = rest()
  if not left then
    return
  end
  local part = part_of(left.text, what)
  local all = part == left.text
  local replaced = 0
  for _, spot in ipairs(left.spots) do
    replaced = spot.at < #part and replaced + #spot.char or replaced
  end
  erase()
  require('eke.insert').text(part, all and #left.tail or replaced, function()
    if all then
      shown = nil
      tell(nil, left.item)
      return eke.event('EkeAccepted')
    end
    M.draw()
    client.notify('textDocument/didPartiallyAcceptCompletion', {
      item = reference(left.item),
      acceptedLength = text.utf16(left.item.insertText) - text.utf16(left.text:sub(#part + 1)),
    })
  end)
end

return M
