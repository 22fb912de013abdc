" Ghost text: asks for completions where the cursor is, shows one as virtual text, and takes it as a whole or in parts.
"
" s:shown is what is on the screen: the items, which of them, and the place (lnum, col: 1-based bytes) where their text begins,
" which may be left of the cursor. It stays while the user types what it says: then there is only less of it to show.

let s:shown = {}
let s:asked = {}      " the request in flight: its id and the place it was made for
let s:seen = {}       " ids of items that the server was told are on the screen
let s:lines = [0, 0]  " where virtual text is: buffer, first line
let s:below = 0       " how many virtual lines there are
let s:wants_other = 0 " the user asked for another candidate
let s:dismissed = []  " the place where the user said no

" --- asking ---

function! s:place() abort
  return [bufnr(), b:changedtick, line('.'), col('.')]
endfunction

" Text or cursor changed in Insert mode.
function! eke#ghost#moved() abort
  if !eke#wanted(bufnr()) " b:eke_enabled may have been set just now
    return eke#documents#is_open(bufnr()) ? [eke#ghost#leave(), eke#documents#close(bufnr())] : 0
  endif
  call eke#documents#visit(bufnr())
  call s:draw()
  let place = s:place()
  if !eke#option('auto') || &paste || place == get(s:asked, 'place', []) || place == s:dismissed
    return
  endif
  if !eke#documents#is_open(bufnr()) || s:menu_selects()
    return
  endif
  call s:ask(place, 2)
endfunction

" The user asks; {offset} is where to go in the answer if there was something already.
function! eke#ghost#suggest(kind) abort
  call eke#documents#begin(bufnr())
  if !eke#documents#is_open(bufnr())
    return
  endif
  let s:dismissed = []
  call s:ask(s:place(), a:kind)
endfunction

function! s:ask(place, kind) abort
  call eke#documents#flush(bufnr())
  let request = {'place': a:place, 'kind': a:kind, 'id': 0}
  " One that is still in flight is not cancelled: the server answers it at once, and keeps what it has asked for.
  let s:asked = request
  let request.id = eke#server#request('textDocument/inlineCompletion', {
        \ 'textDocument': {'uri': eke#text#uri(bufnr())},
        \ 'position': eke#text#position(line('.'), col('.')),
        \ 'context': {'triggerKind': a:kind},
        \ 'formattingOptions': eke#text#formatting(),
        \ }, function('s:on_items', [request]))
endfunction

" An answer counts only if nothing has happened since its request; null lets stand what is shown.
function! s:on_items(request, result, error) abort
  if a:request isnot s:asked
    return
  endif
  let s:asked.id = 0
  let wants_other = s:wants_other && a:request.kind == 1
  let s:wants_other = 0
  if wants_other && len(type(a:result) == v:t_dict ? get(a:result, 'items', []) : []) < 2
    call eke#say('there is no other one here; g:eke_settings with completion.candidates has more asked for at once')
  endif
  if a:request.place != s:place() || mode() !~# '^[iR]' || empty(a:result)
    return
  endif
  let items = type(a:result) == v:t_dict ? get(a:result, 'items', []) : a:result
  let items = filter(copy(items), 'type(get(v:val, "insertText")) == v:t_string')
  let s:shown = empty(items) ? {} : {'items': items, 'index': 0, 'buf': bufnr()}
  for item in items
    let item.at = s:anchor(item)
  endfor
  if !empty(items)
    call s:keep_choice(items)
  endif
  call s:draw()
  if type(a:result) == v:t_dict && has_key(a:result, 'isIncomplete')
    call s:ask(a:request.place, a:request.kind) " it is answered when there is more to show
  endif
endfunction

" If the user had chosen among candidates, the choice stays while it is offered.
function! s:keep_choice(items) abort
  for [index, item] in items(a:items)
    if s:id(item) ==# get(s:, 'chosen', '') && s:id(item) !=# ''
      let s:shown.index = index
    endif
  endfor
endfunction

function! s:id(item) abort
  return string(get(get(a:item, 'command', {}), 'arguments', ['']))
endfunction

function! eke#ghost#cycle(step) abort
  if empty(s:shown) || len(s:shown.items) < 2
    let s:wants_other = !empty(s:shown)
    return eke#ghost#suggest(1)
  endif
  let s:shown.index = (s:shown.index + a:step + len(s:shown.items)) % len(s:shown.items)
  let s:chosen = s:id(s:item())
  call s:draw()
endfunction

function! eke#ghost#leave() abort
  if get(s:asked, 'id', 0) != 0
    call eke#server#cancel(s:asked.id)
  endif
  let s:asked = {}
  let s:dismissed = []
  call s:hide()
endfunction

" Insert mode may have been left, which :normal only seems to do; or be there again, the cursor not yet where it will be.
function! eke#ghost#check() abort
  call timer_start(0, {-> mode() =~# '^[iR]' ? eke#ghost#moved() : eke#ghost#leave()})
endfunction

function! eke#ghost#dismiss() abort
  if !empty(s:shown)
    call s:tell('eke.reject', s:item())
    call eke#event('EkeDismissed')
  endif
  call eke#ghost#leave()
  let s:dismissed = s:place()
endfunction

function! s:hide() abort
  let s:shown = {}
  call s:erase()
endfunction

" --- what there is to show ---

function! s:item() abort
  return s:shown.items[s:shown.index]
endfunction

" Of the shown item: what is not typed yet, the text right of the cursor that it takes the place of, and where it has that in it.
" Empty if the text at the cursor is not its beginning, or there is nothing left.
function! s:rest() abort
  if empty(s:shown) || s:shown.buf != bufnr()
    return {}
  endif
  let item = s:item()
  let [lnum, col, tail, behind] = item.at
  if line('.') < lnum || (line('.') == lnum && col('.') < col)
    return {}
  endif
  let typed = getline(lnum, '.')
  let typed[-1] = strpart(typed[-1], 0, col('.') - 1)
  let typed[0] = strpart(typed[0], col - 1)
  let typed = join(typed, "\n")
  let text = item.insertText
  if strpart(text, 0, len(typed)) !=# typed || text ==# typed
    return {}
  endif
  let rest = {'text': strpart(text, len(typed)), 'tail': s:before(behind)}
  let rest.spots = s:spots(rest.text, rest.tail)
  let known = rest.tail ==# strpart(tail, max([0, len(tail) - len(rest.tail)]))
  return known || (rest.tail =~# '^[])}>"''`]\+$' && len(rest.spots) == len(rest.tail)) ? rest : {}
endfunction

" What stands between the cursor and the text that stood behind the item's range. What the range had there goes when it is typed
" over or deleted; auto-pairs add closers. All that is right of the cursor, if it does not end in that text any more. A line break
" that was typed may have taken blanks away.
function! s:before(behind) abort
  let right = strpart(getline('.'), col('.') - 1)
  let at = len(right) - len(a:behind)
  return at >= 0 && strpart(right, at) ==# a:behind ? strpart(right, 0, at) : right ==# trim(a:behind, " \t", 1) ? '' : right
endfunction

" Where the text has each character of the tail, in order, as far as it has them.
function! s:spots(text, tail) abort
  let [spots, at] = [[], 0]
  for char in split(a:tail, '\zs')
    let at = s:find(a:text, char, at)
    if at < 0
      break
    endif
    call add(spots, at)
    let at += len(char)
  endfor
  return spots
endfunction

" A bracket that closes what the text has not opened itself, if there is one; else the last. Others where they are first.
function! s:find(text, char, from) abort
  let opener = get({')': '(', ']': '[', '}': '{'}, a:char, '')
  if opener ==# ''
    return match(a:text, '\\\@<!\V' .. escape(a:char, '\'), a:from)
  endif
  let pattern = '"\%(\\.\|[^"\\]\)*"\|''\%(\\.\|[^''\\]\)*''\|[' .. opener .. '\' .. a:char .. ']'
  let [found, at, end, depth] = matchstrpos(a:text, pattern, a:from) + [0]
  while at >= 0 && (found !=# a:char || depth > 0)
    let depth += found ==# opener ? 1 : found ==# a:char ? -1 : 0
    let [found, at, end] = matchstrpos(a:text, pattern, end)
  endwhile
  return at >= 0 ? at : strridx(a:text, a:char) >= a:from ? strridx(a:text, a:char) : -1
endfunction

" Where the item's text begins, the text right of the cursor that it replaces, and what stands behind that.
function! s:anchor(item) abort
  let line = getline('.')
  let right = strpart(line, col('.') - 1)
  if !has_key(a:item, 'range')
    return [line('.'), col('.'), '', right]
  endif
  let range = a:item.range
  let start = eke#text#bytes(getline(range.start.line + 1), range.start.character)
  let tail = range.end.line + 1 == line('.') ? max([0, eke#text#bytes(line, range.end.character) - col('.') + 1]) : 0
  return [range.start.line + 1, start + 1, strpart(right, 0, tail), strpart(right, tail)]
endfunction

function! eke#ghost#visible() abort
  return s:lines[0] != 0 && mode() =~# '^[iR]' && !empty(s:rest())
endfunction

" Would the key that accepts do better to indent? At the start of a line, where the completion goes on with blanks.
function! eke#ghost#indents() abort
  return strpart(getline('.'), 0, col('.') - 1) =~# '^\s*$' && get(s:rest(), 'text', '') =~# '^\s'
endfunction

" --- drawing ---

function! s:erase() abort
  let [buf, lnum] = s:lines
  if buf != 0 && bufloaded(buf)
    let first = max([1, min([lnum, line('.')]) - 1])
    let last = min([getbufinfo(buf)[0].linecount, max([lnum, line('.')]) + 1])
    for type in ['EkeGhost', 'EkeReplaced']
      call prop_remove({'type': type, 'bufnr': buf, 'all': 1}, min([first, last]), last)
    endfor
  endif
  let s:lines = [0, 0]
  if s:below > 0
    let s:below = 0
    call s:refresh()
  endif
endfunction

" Vim 9.0 moves the lines below virtual ones wrongly where syntax is highlighted (9.2 does not). Setting an option to what it is has
" the window drawn anew, without clearing it first.
function! s:refresh() abort
  let &l:list = &l:list
endfunction

function! s:draw() abort
  call s:erase()
  if empty(s:shown)
    return
  endif
  let rest = s:rest()
  if empty(rest)
    let s:shown = {}
    return
  elseif s:menu_selects()
    return
  endif
  let lines = split(rest.text, "\n", 1)
  let s:lines = [bufnr(), line('.')]
  let gone = rest.tail
  if len(lines) > 1 " what stands right of it will go down to its last line: it is shown there, and as gone from here
    let gone = strpart(getline('.'), col('.') - 1)
    let lines[-1] ..= strpart(gone, len(rest.tail))
  endif
  let cursor = virtcol('.') " before there is ghost text, which would count
  let lines[0] = s:fit(lines[0], cursor, virtcol('$') - cursor)
  let spots = filter(rest.spots, 'v:val < len(lines[0])')
  let last = virtcol('$') - 1 + strdisplaywidth(lines[0], cursor - 1) - len(spots)
  call s:draw_line(lines[0], gone, spots)
  call s:draw_below(lines[1:], cursor, last)
  call s:told_shown()
endfunction

" As much of the first line as there is room for down to the end of the window, with so many columns of text behind it.
function! s:fit(text, cursor, behind) abort
  let width = s:width()
  let rows = winheight(0) - winline() + 1
  if rows > 1 && (&linebreak || &breakindent || &showbreak !=# '') " these take room of their own
    let rows -= 1
  endif
  let room = rows * width - (a:cursor - 1) % width - a:behind
  if strdisplaywidth(a:text, a:cursor - 1) <= room
    return a:text
  endif
  let text = a:text
  while text !=# '' && strdisplaywidth(text, a:cursor - 1) > room - 1
    let text = strcharpart(text, 0, strchars(text) - 1)
  endwhile
  return text ==# '' ? '' : text .. '…'
endfunction

" Of a line in the window.
function! s:width() abort
  return &wrap ? winwidth(0) - getwininfo(win_getid())[0].textoff : 9999
endfunction

" The first line, around the characters that it has in it, too; what else it replaces, or takes down with it, is shown as gone.
function! s:draw_line(text, gone, spots) abort
  let column = col('.')
  let [drawn, gone] = [0, a:gone]
  let vcol = virtcol('.') - 1
  for spot in a:spots
    let length = len(matchstr(gone, '^.'))
    call s:add_inline(column, strpart(a:text, drawn, spot - drawn), vcol)
    let drawn = spot + length
    let column += length
    let gone = strpart(gone, length)
  endfor
  if gone !=# ''
    call prop_add(line('.'), column, {'type': 'EkeReplaced', 'length': len(gone)})
  endif
  call s:add_inline(column, strpart(a:text, drawn), vcol)
endfunction

function! s:add_inline(column, text, vcol) abort
  if a:text !=# ''
    call prop_add(line('.'), a:column, {'type': 'EkeGhost', 'text': s:printable(a:text, a:vcol)})
  endif
endfunction

" The other lines, as many as there is room for below the cursor: the window is not scrolled under who types. Vim shows no line that
" does not fit as a whole, virtual lines included. {cursor}, {last}: the columns of the cursor, and of the end of its line.
function! s:draw_below(lines, cursor, last) abort
  let width = s:width()
  let own = max([0, (a:last - 1) / width - (a:cursor - 1) / width])
  let most = max([0, winheight(0) - winline() - own])
  let [lines, rows] = [[], 0]
  for line in a:lines
    let text = s:printable(line, 0)
    let rows += 1 + max([0, strdisplaywidth(text) - 1]) / width
    if rows > most
      break
    endif
    call add(lines, text ==# '' ? ' ' : text)
  endfor
  if empty(lines) && !empty(a:lines)
    let more = printf(' … %d more', len(a:lines))
    if strdisplaywidth(more) < width - (a:last - 1) % width " else it would wrap, to where there is no room
      call prop_add(line('.'), col('$'), {'type': 'EkeGhost', 'text': more})
    endif
  elseif len(lines) < len(a:lines)
    let lines[-1] = strcharpart(lines[-1], 0, width - 12) .. printf(' … %d more', len(a:lines) - len(lines))
  endif
  let s:below = len(lines)
  if s:below > 0
    call s:refresh()
  endif
  for text in lines
    call prop_add(line('.'), 0, {'type': 'EkeGhost', 'text': text, 'text_align': 'below',
          \ 'text_wrap': &wrap ? 'wrap' : 'truncate'})
  endfor
endfunction

" Tabs as wide as they will be, control characters as Vim shows them.
function! s:printable(text, vcol) abort
  let text = ''
  for part in split(a:text, '\t\zs')
    let text ..= substitute(part, '\t$', '', '')
    if part[-1 :] ==# "\t"
      let text ..= repeat(' ', &tabstop - (a:vcol + strdisplaywidth(text)) % &tabstop)
    endif
  endfor
  return strtrans(text)
endfunction

function! s:menu_selects() abort
  return pumvisible() && complete_info(['selected']).selected >= 0
endfunction

" --- telling, accepting ---

function! s:reference(item) abort
  return {'insertText': a:item.insertText, 'command': get(a:item, 'command', {})}
endfunction

function! s:told_shown() abort
  let item = s:item()
  if !has_key(s:seen, s:id(item))
    let s:seen = len(s:seen) > 100 ? {} : s:seen
    let s:seen[s:id(item)] = 1
    call eke#event('EkeShown')
    call eke#server#notify('textDocument/didShowCompletion', {'item': s:reference(item)})
  endif
endfunction

function! s:tell(command, item) abort
  let command = get(a:item, 'command', {})
  if has_key(command, 'command')
    call eke#server#request('workspace/executeCommand', {'command': a:command ==# 'accept' ? command.command : a:command,
          \ 'arguments': get(command, 'arguments', [])}, {-> 0})
  endif
endfunction

" Takes what is shown: all of it, a word, or a line.
function! eke#ghost#accept(what) abort
  let rest = s:rest()
  if empty(rest)
    return
  endif
  let part = s:part(rest.text, a:what)
  let item = s:item()
  let all = part ==# rest.text
  let replaced = matchstr(rest.tail, '^.\{' .. len(filter(rest.spots, 'v:val < len(part)')) .. '}')
  call s:erase()
  call eke#insert#text(part, len(all ? rest.tail : replaced), {-> s:accepted(item, all ? '' : strpart(rest.text, len(part)))})
endfunction

" The item was taken, but for what is left of it.
function! s:accepted(item, left) abort
  if a:left ==# ''
    call s:hide()
    call eke#documents#flush(bufnr())
    call s:tell('accept', a:item)
    return eke#event('EkeAccepted')
  endif
  call s:draw()
  call eke#documents#flush(bufnr())
  call eke#server#notify('textDocument/didPartiallyAcceptCompletion', {'item': s:reference(a:item),
        \ 'acceptedLength': eke#text#utf16(a:item.insertText) - eke#text#utf16(a:left)})
endfunction

function! s:part(text, what) abort
  if a:what ==# 'word'
    return matchstr(a:text, '^\_s*\%(\k\+\|\%(\k\@!\S\)\+\|$\)')
  elseif a:what ==# 'line'
    return matchstr(a:text, '^\n\?[^\n]*')
  endif
  return a:text
endfunction
