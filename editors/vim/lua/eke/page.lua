--- A conversation's buffer: Markdown, "## You" and "## eke" in turn. What was said stands above the last "## You" and is drawn from
--- memory, so that it is there again whatever becomes of the buffer; below it is the draft, which is the user's.
---
--- A page: name, buf; above: the lines of what was said, an empty one at the end; top: how many of them are in the buffer; marks and
--- levels: for each of them the fence that is open behind it, and its fold; draft: the lines below the heading when last looked at;
--- undo and redo: former ones (Neovim's own undo would take back answers, too).
local M = {}

local api = vim.api
local eke = require('eke')

local YOU = '## You'
local pages = {} -- by buffer

function M.new(name)
  return { name = name, above = {}, top = 0, marks = {}, levels = {}, draft = { '', '' }, undo = {}, redo = {}, known = {} }
end

--- The page of a buffer.
function M.of(buf)
  return pages[buf or api.nvim_get_current_buf()]
end

local function loaded(page)
  return page.buf and api.nvim_buf_is_loaded(page.buf) and pages[page.buf] == page
end
M.loaded = loaded

-- The buffer.

--- Makes sure that there is one. It is filled by BufReadCmd, as it is by :edit, :buffer and a session.
function M.load(page)
  if not loaded(page) then
    vim.fn.bufload(vim.fn.bufadd(page.name))
  end
end

local function maps(buf)
  local function map(mode, lhs, rhs, what)
    vim.keymap.set(mode, lhs, rhs, { buffer = buf, silent = true, desc = 'eke: ' .. what })
  end
  map('n', '<CR>', function() require('eke.chat').submit() end, 'send the question')
  map('n', '<C-C>', '<Cmd>EkeCancel<CR>', 'cancel the answer')
  map('n', 'ga', '<Cmd>EkeApply<CR>', 'apply the code at the cursor')
  map('n', 'gr', '<Cmd>EkeRegenerate<CR>', 'another answer to the last question')
  map('n', 'gn', '<Cmd>EkeChat!<CR>', 'begin another conversation')
  map('n', 'u', function() M.undo('undo', 'redo') end, 'undo, in the draft')
  map('n', '<C-R>', function() M.undo('redo', 'undo') end, 'redo, in the draft')
  map('i', '<Tab>', function()
    local keys = vim.fn.pumvisible() == 1 and '<C-N>' or M.lead() == '' and '<Tab>' or '<C-X><C-O>'
    api.nvim_feedkeys(vim.keycode(keys), 'in', false)
  end, 'complete a /command or an @file')
end

--- Fills the current buffer, of that name.
function M.fill(page)
  local buf = api.nvim_get_current_buf()
  page.buf, pages[buf] = buf, page
  local bo = vim.bo[buf]
  bo.buftype, bo.bufhidden, bo.swapfile, bo.buflisted, bo.undolevels, bo.modifiable = 'nofile', 'hide', false, false, -1, true
  if bo.filetype ~= 'ekechat' then
    bo.filetype = 'ekechat'
  end
  -- Where there are parsers, tree-sitter goes over the syntax.
  pcall(vim.treesitter.start, buf, 'markdown')
  bo.syntax = 'ekechat'
  bo.omnifunc = "v:lua.require'eke.page'.complete"
  api.nvim_buf_set_lines(buf, 0, -1, false, vim.list_extend(vim.list_extend(vim.list_slice(page.above), { YOU }), page.draft))
  page.top, page.known, page.plain = #page.above, {}, false
  maps(buf)
end

--- In a window that shows it.
function M.window()
  for name, value in pairs({
    wrap = true, linebreak = true, number = false, relativenumber = false, list = false, signcolumn = 'no',
    foldmethod = 'expr', foldexpr = "v:lua.require'eke.page'.level(v:lnum)", foldlevel = 1, foldenable = true,
    foldtext = "v:lua.require'eke.page'.foldtext()", statusline = "%{v:lua.require'eke.chat'.line()}",
  }) do
    vim.wo[0][0][name] = value
  end
  if M.of() then
    M.of().fresh = true
    M.colors(M.of(), M.of().above)
  end
end

function M.level(lnum)
  local page = M.of()
  return page and page.levels[lnum] or 0
end

--- What is folded grows: its last line says more than its first.
function M.foldtext()
  local first, last = vim.v.foldstart, vim.v.foldend
  return ('> … %s (%d lines)'):format(vim.trim(vim.fn.getline(last):gsub('^[> ]*', '')), last - first + 1)
end

-- What was said.

local function mark(page, from, kind)
  local fence = page.marks[from] or ''
  for i = from + 1, #page.above do
    local line = page.above[i]
    local found = not kind and (line:match('^%s*(```+)') or line:match('^%s*(~~~+)')) or ''
    local ends = fence ~= '' and found:sub(1, 1) == fence:sub(1, 1) and #found >= #fence and line:find('^%s*%S+%s*$') ~= nil
    page.levels[i] = kind and line:find('^>') and 2 or fence ~= '' and (ends and '<1' or 1) or found ~= '' and '>1' or 0
    if ends then
      fence = ''
    elseif fence == '' then
      fence = found
    end
    page.marks[i] = fence
  end
end

local function draw(page)
  local from, bottom = page.stale, {}
  for _, window in ipairs(vim.fn.win_findbuf(page.buf)) do
    if api.nvim_win_get_cursor(window)[1] > page.top then
      bottom[#bottom + 1] = window
    end
  end
  local lines = vim.list_slice(page.above, from + 1)
  M.colors(page, lines)
  api.nvim_buf_set_lines(page.buf, from, page.top, false, lines)
  page.top, page.stale = #page.above, nil
  for _, window in ipairs(bottom) do
    if window ~= api.nvim_get_current_win() then
      api.nvim_win_call(window, function()
        if vim.fn.line('.') > vim.fn.line('w$') then
          vim.cmd('noautocmd normal! zb')
        end
      end)
    end
  end
end

--- What was said is lines from the index (0-based) on. kind is 'thought' for reasoning.
function M.write(page, from, lines, kind)
  for i = #page.above, from + 1, -1 do
    page.above[i], page.marks[i], page.levels[i] = nil, nil, nil
  end
  vim.list_extend(page.above, lines)
  mark(page, from, kind)
  page.stale = math.min(from, page.stale or from)
  if loaded(page) and not (vim.fn.pumvisible() == 1 and api.nvim_get_current_buf() == page.buf) then -- a menu must not be moved
    draw(page)
  end
end

--- Text is added to the last line.
function M.append(page, text, kind)
  local last = #page.above - 2
  local before = page.above[last + 1]
  text = text:gsub('\r', '')
  if kind then
    text = (before == '' and '> ' or '') .. text:gsub('\n', '\n> ')
  end
  local lines = vim.split(before .. text, '\n', { plain = true })
  lines[#lines + 1] = ''
  M.write(page, last, lines, kind)
end

--- Of one line (from 0), what stands below it staying as it is.
function M.set_line(page, index, line)
  page.above[index + 1] = line
  if loaded(page) and not page.stale then
    api.nvim_buf_set_lines(page.buf, index, index + 1, false, { line })
  end
end

--- The blocks of code: their first and last line (from 1), without the fences.
function M.blocks(page)
  local found, first = {}, 0
  for i, level in ipairs(page.levels) do
    if level == '>1' then
      first = i + 1
    elseif level == '<1' then
      found[#found + 1] = { first = first, last = i - 1 }
    end
  end
  return found
end

-- The draft.

--- The lines below the last heading. What was changed above it is drawn again.
local function look(page)
  local lines = api.nvim_buf_get_lines(page.buf, 0, -1, false)
  if lines[page.top + 1] == YOU
    and (page.stale or vim.deep_equal(vim.list_slice(lines, 1, page.top), page.above)) then
    return vim.list_slice(lines, page.top + 2)
  end
  local draft
  for i = #lines, 1, -1 do
    if lines[i] == YOU then
      draft = vim.list_slice(lines, i + 1)
      break
    end
  end
  draft = draft and #draft > 0 and draft or #lines == 1 and lines[1] == '' and { '', '' } or page.draft
  local whole = vim.list_extend(vim.list_extend(vim.list_slice(page.above), { YOU }), draft)
  local view = vim.fn.winsaveview()
  api.nvim_buf_set_lines(page.buf, 0, -1, false, whole)
  page.top = #page.above
  if api.nvim_get_current_buf() == page.buf then
    vim.fn.winrestview(view)
  end
  eke.say('what was said cannot be changed; write below the last ' .. YOU)
  return draft
end

local function settle(page, draft)
  if not vim.deep_equal(draft, page.draft) then
    page.undo[#page.undo + 1] = page.draft
    page.redo = {}
    page.draft = draft
  end
end

function M.draft(page)
  if loaded(page) then
    settle(page, look(page))
  end
  return vim.trim(table.concat(page.draft, '\n'))
end

--- The buffer has changed, or Insert mode was left.
function M.changed(settled)
  local page = M.of()
  if not page then
    return
  end
  local draft = look(page)
  if settled then
    settle(page, draft)
  end
  if page.stale and vim.fn.pumvisible() == 0 then
    draw(page)
  end
end

--- What is typed goes into the draft, wherever the cursor was.
function M.enter()
  local page = M.of()
  if page and vim.fn.line('.') <= page.top + 1 then
    vim.v.char = 'x' -- the cursor stays there
    look(page)
    vim.fn.cursor('$', 1)
    api.nvim_feedkeys(vim.keycode('<End>'), 'in', false)
  end
end

local function put_draft(page)
  if loaded(page) then
    api.nvim_buf_set_lines(page.buf, page.top + 1, -1, false, page.draft)
  end
end

function M.set_draft(page, lines)
  M.draft(page)
  settle(page, lines)
  put_draft(page)
end

function M.undo(from, to)
  local page = M.of()
  for _ = 1, vim.v.count1 do
    M.draft(page)
    local former = page.draft
    if #page[from] == 0 then
      return eke.say(from == 'undo' and 'already at the oldest draft' or 'already at the newest draft')
    end
    page[to][#page[to] + 1] = former
    page.draft = table.remove(page[from])
    put_draft(page)
    local same = 0
    while same < #former and page.draft[same + 1] == former[same + 1] do
      same = same + 1
    end
    vim.fn.cursor(math.min(page.top + 2 + same, vim.fn.line('$')), 1)
  end
end

-- Completion of /commands and @files.

--- The /command or @file that is being written at the cursor.
function M.lead()
  local page = M.of()
  local row, column = unpack(api.nvim_win_get_cursor(0))
  local before = api.nvim_get_current_line():sub(1, column)
  local lines, first = api.nvim_buf_get_lines(page.buf, page.top + 1, -1, false), nil
  for i, line in ipairs(lines) do
    first = first or line:find('%S') and page.top + 1 + i
  end
  return row == first and before:match('^%s*(/[%w_-]*)$') or before:match('^(@[^%s"]*)$') or before:match('%s(@[^%s"]*)$') or ''
end

function M.complete(find, base)
  if find == 1 then
    local lead = M.lead()
    return lead == '' and -3 or api.nvim_win_get_cursor(0)[2] - #lead
  elseif base:sub(1, 1) == '/' then
    return vim.tbl_filter(function(one)
      return vim.startswith(one, base)
    end, vim.tbl_map(function(one) return '/' .. one end, require('eke.chat').commands()))
  end
  local lead, names, seen = base:sub(2), {}, {}
  local function add(name)
    if not seen[name] then
      seen[name] = true
      names[#names + 1] = '@' .. name
    end
  end
  for _, info in ipairs(vim.fn.getbufinfo({ buflisted = 1 })) do
    local name = vim.fn.fnamemodify(info.name, ':~:.')
    if name ~= '' and not name:find('^[~/]') and not name:find('://', 1, true) and name:find(lead, 1, true) then
      add(name)
    end
  end
  vim.tbl_map(add, vim.fn.getcompletion(lead, 'file'))
  return names
end

-- Colours.

--- Code behind a fence that names its language is highlighted as such: by tree-sitter as long as there are parsers for all of them,
--- else by the syntax, over which tree-sitter would paint code as one.
function M.colors(page, lines)
  for _, line in ipairs(lines) do
    local name = line:match('^%s*```+%s*([%w_+#-]+)') or line:match('^%s*~~~+%s*([%w_+#-]+)')
    if name and not page.known[name] then
      page.known[name] = true
      page.fresh = true
      page.plain = page.plain or not pcall(vim.treesitter.language.inspect, vim.treesitter.language.get_lang(name) or name)
    end
  end
  if page.plain and page.fresh and loaded(page) and #vim.fn.win_findbuf(page.buf) > 0 then
    page.fresh = false
    if vim.treesitter.highlighter.active[page.buf] then
      vim.treesitter.stop(page.buf)
      vim.bo[page.buf].syntax = 'ekechat'
    end
    for name in pairs(page.known) do
      vim.fn['eke#page#language'](page.buf, name)
    end
  end
end

return M
