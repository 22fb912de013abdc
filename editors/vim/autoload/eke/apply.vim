" :EkeApply: code of an answer goes into the place of what the question was about.

function! eke#apply#apply(blind) abort
  let chat = eke#chat#current()
  let blocks = eke#page#blocks(chat.page)
  if bufnr() == chat.page.buf
    call filter(blocks, {_, b -> b.first - 1 <= line('.') && line('.') <= b.last + 1})
  endif
  if empty(blocks)
    return eke#say('there is no block of code at the cursor')
  endif
  let block = blocks[-1]
  let number = len(filter(chat.page.above[: block.first - 1], {_, line -> line =~# '^## eke\%( · \|$\)'}))
  let origin = get(chat.origins, number - 1, {})
  let lines = chat.page.above[block.first - 1 : block.last - 1]
  if has_key(origin, 'id') && bufexists(origin.buf)
    return s:replace(origin, lines)
  endif
  let window = eke#context#other_window()
  if window == 0
    return eke#say('there is no window to put it into')
  endif
  let at = line('.', window)
  call appendbufline(winbufnr(window), at, lines)
  call eke#say(printf('put below line %d of %s; u there takes it back', at, fnamemodify(bufname(winbufnr(window)), ':t')))
endfunction

function! s:replace(origin, lines) abort
  call bufload(a:origin.buf)
  let place = eke#context#marked(a:origin.buf, a:origin.id)
  if empty(place)
    return eke#say('the text that this is about is gone')
  endif
  let [first, last] = place
  if getbufline(a:origin.buf, first, last) !=# a:origin.lines
        \ && confirm('eke: that text has changed since. Replace it all the same?', "&Yes\n&No", 2) != 1
    return
  endif
  call eke#edit#replace(a:origin.buf, eke#edit#lines(first, last), join(a:lines, "\n") .. "\n")
  let past = first + len(a:lines) - 1
  call prop_remove({'type': 'EkeOrigin', 'id': a:origin.id, 'both': 1, 'bufnr': a:origin.buf, 'all': 1}, first, past)
  call eke#context#mark(a:origin.buf, first, past, a:origin.id)
  let a:origin.lines = a:lines
  call eke#say(printf('lines %d to %d of %s replaced; u there takes it back', first, last, fnamemodify(bufname(a:origin.buf), ':t')))
endfunction
