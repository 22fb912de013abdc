" :EkeApply: code of an answer goes into the place of what the question was about.

function! eke#apply#apply(blind) abort
  let chat = eke#chat#current()
  let blocks = eke#page#blocks(chat.page)
  if bufnr() == chat.page.buf && line('.') <= chat.page.top
    call filter(blocks, {_, b -> b.first - 1 <= line('.') && line('.') <= b.last + 1})
  endif
  let quotes = len(blocks)
  call filter(blocks, {_, b -> !s:is_quote(s:origin(chat, b), s:lines(chat, b))})
  if empty(blocks)
    return eke#say(quotes ? 'that is quoted from the code: there is nothing to replace' : 'there is no block of code at the cursor')
  endif
  let [origin, lines] = [s:origin(chat, blocks[-1]), s:lines(chat, blocks[-1])]
  if has_key(origin, 'id') && bufexists(origin.buf)
    return s:replace(origin, lines, a:blind)
  endif
  let window = eke#context#other_window()
  if window == 0
    return eke#say('there is no window to put it into')
  endif
  let at = line('.', window)
  call appendbufline(winbufnr(window), at, lines)
  call eke#say(printf('put below line %d of %s; u there takes it back', at, fnamemodify(bufname(winbufnr(window)), ':t')))
endfunction

function! s:lines(chat, block) abort
  return a:chat.page.above[a:block.first - 1 : a:block.last - 1]
endfunction

" What the answer that has the block is about.
function! s:origin(chat, block) abort
  let number = len(filter(a:chat.page.above[: a:block.first - 1], {_, line -> line =~# '^## eke\%( · \|$\)'}))
  return get(a:chat.origins, number - 1, {})
endfunction

" A part of the code that the answer is about, as it is there.
function! s:is_quote(origin, lines) abort
  let Bare = {lines -> "\n" .. join(filter(map(copy(lines), 'trim(v:val)'), 'v:val !=# ""'), "\n") .. "\n"}
  return has_key(a:origin, 'lines') && Bare(a:origin.lines) !=# Bare(a:lines) && stridx(Bare(a:origin.lines), Bare(a:lines)) >= 0
endfunction

function! s:replace(origin, lines, blind) abort
  call bufload(a:origin.buf)
  let place = eke#context#marked(a:origin.buf, a:origin.id)
  if empty(place)
    return eke#say('the text that this is about is gone')
  endif
  let [first, last] = place
  if getbufline(a:origin.buf, first, last) !=# a:origin.lines
        \ && confirm('eke: that text has changed since. Replace it all the same?', "&Yes\n&No", 2) != 1
    return
  elseif !a:blind && eke#option('preview')
    return eke#preview#open(a:origin.buf, first, last, a:lines, {-> s:mark(a:origin, first, a:lines)})
  endif
  call eke#edit#replace(a:origin.buf, eke#edit#lines(first, last), join(a:lines, "\n") .. "\n")
  call s:mark(a:origin, first, a:lines)
  call eke#say(printf('lines %d to %d of %s replaced; u there takes it back', first, last, fnamemodify(bufname(a:origin.buf), ':t')))
endfunction

" What was taken can be replaced again.
function! s:mark(origin, first, lines) abort
  let past = a:first + len(a:lines) - 1
  call prop_remove({'type': 'EkeOrigin', 'id': a:origin.id, 'both': 1, 'bufnr': a:origin.buf, 'all': 1}, a:first, past)
  call eke#context#mark(a:origin.buf, a:first, past, a:origin.id)
  let a:origin.lines = a:lines
endfunction
