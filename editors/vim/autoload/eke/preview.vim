" What would become of a file, beside it, as a diff: taken as a whole, by change, or not at all. For Vim and Neovim.

" Lines {first} to {last} of the buffer would become {lines}; Then() is called when all of it was taken.
function! eke#preview#open(buf, first, last, lines, Then) abort
  if getbufline(a:buf, a:first, a:last) ==# a:lines
    return eke#say('it stays as it is')
  endif
  call s:close(get(s:, 'open', {}))
  let window = get(filter(win_findbuf(a:buf), {_, id -> win_id2tabwin(id)[0] == tabpagenr()}), 0, 0)
  if window != 0
    call win_gotoid(window)
  else
    execute 'sbuffer' a:buf
  endif
  let [file, filetype, position] = [win_getid(), &filetype, [a:first, 1]]
  diffthis
  execute winwidth(0) >= 100 ? 'rightbelow vertical new' : 'belowright new'
  let text = (a:first > 1 ? getbufline(a:buf, 1, a:first - 1) : []) + a:lines + getbufline(a:buf, a:last + 1, '$')
  call setline(1, text)
  setlocal buftype=nofile bufhidden=wipe noswapfile nobuflisted
  silent! execute 'file eke://proposal/' .. fnamemodify(bufname(a:buf), ':t')
  let &l:syntax = filetype
  diffthis
  call cursor(position)
  let s:open = {'file': file, 'buf': a:buf, 'proposal': bufnr(), 'Then': a:Then}
  for [key, what] in [['ga', 'all'], ['<CR>', 'all'], ['q', 'none'], ['<Esc>', 'none']]
    execute printf('nnoremap <buffer> <silent> <nowait> %s <Cmd>call eke#preview#end("%s")<CR>', key, what)
  endfor
  nnoremap <buffer> <silent> <nowait> dp <Cmd>diffput<CR>
  let &l:statusline = ' ga: take all  dp: this change  q: leave the rest  ]c: the next%<'
  autocmd BufWipeout <buffer> call s:close(s:open)
  redraw
  echo "" | " the message that it is being asked
endfunction

function! eke#preview#end(what) abort
  let open = get(s:, 'open', {})
  if empty(open) || bufnr() != open.proposal
    return
  elseif a:what ==# 'all'
    silent! %diffput
    let Then = open.Then
  endif
  call s:close(open)
  if exists('Then')
    call Then()
  endif
endfunction

function! s:close(open) abort
  let s:open = {}
  if empty(a:open)
    return
  endif
  if bufexists(a:open.proposal) && !empty(win_findbuf(a:open.proposal))
    call win_gotoid(win_findbuf(a:open.proposal)[0])
    close
  endif
  if win_gotoid(a:open.file)
    diffoff
  endif
endfunction

" Calls Then() when the user is in Normal mode: until then a window that opens would take away what is typed.
function! eke#preview#in_normal_mode(Then) abort
  if mode() ==# 'n'
    return a:Then()
  endif
  call add(s:waiting, a:Then)
  autocmd ModeChanged *:n ++once call timer_start(0, {-> map(remove(s:waiting, 0, -1), 'eke#preview#in_normal_mode(v:val)')})
endfunction

let s:waiting = []

" Is it shown what would become of a buffer?
function! eke#preview#visible() abort
  return !empty(get(s:, 'open', {}))
endfunction
