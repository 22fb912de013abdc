" Puts accepted text at the cursor. In Insert mode it is typed, as only what is typed is repeated by "." and by a count; then it is
" compared with what should be there, as options and other plugins may have had a hand in it.

const s:options = {'autoindent': 0, 'cindent': 0, 'smartindent': 0, 'indentexpr': '', 'textwidth': 0, 'wrapmargin': 0,
      \ 'formatoptions': '', 'softtabstop': 0, 'iminsert': 0}

let s:typing = {}

" The text in place of so many bytes right of the cursor, which then stands behind it; then calls Then().
function! eke#insert#text(text, replaced, Then) abort
  if mode() !=# 'i'
    call s:put(a:text, a:replaced)
    return a:Then()
  endif
  let [lnum, column] = [line('.'), col('.')]
  let [before, right] = [strpart(getline('.'), 0, column - 1), strpart(getline('.'), column - 1)]
  let lines = split(before .. a:text, "\n", 1)
  let s:typing = {'buf': bufnr(), 'lnum': lnum, 'lines': lines[: -2] + [lines[-1] .. strpart(right, a:replaced)],
        \ 'cursor': [lnum + len(lines) - 1, len(lines[-1]) + 1], 'total': line('$'), 'Then': a:Then, 'options': {},
        \ 'events': &eventignore}
  for [name, value] in items(s:options)
    let s:typing.options[name] = getbufvar('', '&' .. name)
    call setbufvar('', '&' .. name, value)
  endfor
  set eventignore+=InsertCharPre
  call feedkeys(repeat("\<Del>", strcharlen(strpart(right, 0, a:replaced))) .. s:keys(a:text) .. "\<Cmd>call eke#insert#typed()\<CR>", 'in')
  call timer_start(0, {-> eke#insert#typed()}) " should CTRL-C have thrown the keys away
endfunction

" Blanks and punctuation behind CTRL-V mean themselves. After a line break whatever is put there to begin the line with goes.
function! s:keys(text) abort
  let text = substitute(a:text, '[\x01-\x09\x0b-\x1f -/:-@[-`{-\x7f]', "\<C-V>&", 'g')
  return substitute(text, '\n', "\<CR>0\<C-U>0\<C-D>", 'g')
endfunction

function! eke#insert#typed() abort
  if empty(s:typing)
    return
  endif
  let [typing, s:typing] = [s:typing, {}]
  let &eventignore = typing.events
  for [name, value] in items(typing.options)
    call setbufvar(typing.buf, '&' .. name, value)
  endfor
  if bufnr() == typing.buf
    let there = line('$') - typing.total + 1
    if getline(typing.lnum, typing.lnum + there - 1) !=# typing.lines
      call eke#edit#replace(bufnr(), eke#edit#lines(typing.lnum, typing.lnum + max([there, 1]) - 1), join(typing.lines, "\n") .. "\n")
    endif
    call cursor(typing.cursor)
  endif
  call typing.Then()
endfunction

" By Normal mode commands, as setline() would take with it what other plugins have on the line: their virtual text and highlights.
function! s:put(text, replaced) abort
  let [lnum, column] = [line('.'), col('.')]
  let lines = split(a:text, "\n", 1)
  let register = getreginfo('z')
  if a:replaced > 0
    execute 'normal! "_' .. strcharlen(strpart(getline('.'), column - 1, a:replaced)) .. 'x'
  endif
  call setreg('z', lines, 'c')
  call cursor(lnum, column)
  execute 'silent normal! "z' .. (column > len(getline('.')) ? 'p' : 'P')
  call setreg('z', register)
  call cursor(lnum + len(lines) - 1, len(lines[-1]) + (len(lines) == 1 ? column : 1))
endfunction
