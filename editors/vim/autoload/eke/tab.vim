" The keys that eke maps by itself. Tab takes the completion that is shown. Whatever else Tab does stays: an own mapping or
" another plugin's, the completion menu, the indent at the start of a line. g:eke_tab = 0 keeps Tab as it was.

let s:falling = 0

" After the user's own files, so that what they map is known.
function! eke#tab#map() abort
  if !eke#option('tab') || maparg('<Tab>', 'i') =~# 'eke#tab#key'
    return
  endif
  " maparg() would tell that of the buffer alone, where there is one.
  let former = get(filter(maplist(), {_, map -> map.lhsraw ==# "\t" && map.mode =~# '[i!]' && !map.buffer}), 0, {})
  inoremap <Plug>(eke-plain-tab) <Tab>
  if empty(former)
    inoremap <Plug>(eke-former-tab) <Tab>
  else
    let lhs = "\<Plug>(eke-former-tab)"
    call mapset('i', 0, extend(filter(former, 'v:key !=# "lhsrawalt"'), {'lhs': '<Plug>(eke-former-tab)', 'lhsraw': lhs}))
  endif
  imap <silent> <expr> <Tab> eke#tab#key()
endfunction

" The other keys, as users of copilot.vim know them; what is mapped already stays. <M-]>, <M-[> and <M-\> are none of them: Vim takes
" the letters Ý, Û and Ü for these.
function! eke#tab#keys() abort
  for [key, map] in eke#option('keys') ? [['<M-Right>', '<Plug>(eke-accept-word)'], ['<M-C-Right>', '<Plug>(eke-accept-line)'],
        \ ['<C-]>', '<Plug>(eke-dismiss)<Plug>(eke-plain-key)']] : []
    if mapcheck(key, 'i') ==# ''
      execute 'imap <silent>' key map
    endif
  endfor
  inoremap <Plug>(eke-plain-key) <C-]>
endfunction

function! eke#tab#key() abort
  if s:falling
    return "\<Plug>(eke-plain-tab)" " the former mapping ends in a Tab of its own
  endif
  if eke#ghost#visible() && !s:menu() && !eke#tab#in_snippet() && !eke#ghost#indents()
    return "\<Plug>(eke-accept)"
  endif
  let s:falling = 1
  call timer_start(0, {-> execute('let s:falling = 0')})
  return "\<Plug>(eke-former-tab)"
endfunction

" Would Tab go on in a snippet? snipMate, UltiSnips, vim-vsnip, neosnippet, coc.nvim.
function! eke#tab#in_snippet() abort
  if exists('b:snip_state') && !empty(b:snip_state)
    return 1
  endif
  for [name, arguments] in [['UltiSnips#CanJumpForwards', []], ['vsnip#jumpable', [1]], ['neosnippet#jumpable', []], ['coc#jumpable', []]]
    if exists('*' .. name) && call(name, arguments)
      return 1
    endif
  endfor
  return 0
endfunction

function! s:menu() abort
  return pumvisible() || (exists('*coc#pum#visible') && coc#pum#visible())
endfunction
