" The keys that eke maps by itself. Tab takes the completion that is shown. Whatever else Tab does stays: an own mapping or
" another plugin's, the completion menu, the indent at the start of a line. g:eke_tab = 0 keeps Tab as it was.

let s:falling = 0

" What Tab is mapped to, {} if it is not. maparg() would tell that of the buffer alone, where there is one.
function! s:tab() abort
  return get(filter(maplist(), {_, map -> map.lhsraw ==# "\t" && map.mode =~# '[i!]' && !map.buffer}), 0, {})
endfunction

function! eke#tab#is_mapped() abort
  return get(s:tab(), 'rhs', '') =~# 'eke#tab#key'
endfunction

" After the user's own files, so that what they map is known.
function! eke#tab#map() abort
  let former = s:tab()
  if !eke#option('tab') || eke#tab#is_mapped()
    return
  endif
  inoremap <Plug>(eke-plain-tab) <Tab>
  if empty(former)
    inoremap <Plug>(eke-former-tab) <Tab>
  else
    let lhs = "\<Plug>(eke-former-tab)"
    call mapset('i', 0, extend(filter(former, 'v:key !=# "lhsrawalt"'), {'lhs': '<Plug>(eke-former-tab)', 'lhsraw': lhs}))
  endif
  imap <silent> <expr> <Tab> eke#tab#key()
endfunction

" The other keys, as users of copilot.vim know them; what is mapped already stays.
const s:keys = {'<M-Right>': '<Plug>(eke-accept-word)', '<M-C-Right>': '<Plug>(eke-accept-line)',
      \ '<C-]>': '<Plug>(eke-dismiss)<Plug>(eke-plain-key)'}
" Alt with a character, as terminals and the GUI report it: a modifier and the character. To imap <M-]> is the letter Ý as well.
const s:alt_keys = [['<M-]>', "\<*M-]>", '<Plug>(eke-next)'], ['<M-[>', "\<*M-[>", '<Plug>(eke-previous)'],
      \ ['<M-Bslash>', "\<*M-Bslash>", '<Plug>(eke-suggest)']]

function! eke#tab#keys() abort
  inoremap <Plug>(eke-plain-key) <C-]>
  if !eke#option('keys')
    return
  endif
  for [key, map] in items(s:keys)
    if mapcheck(key, 'i') ==# ''
      execute 'imap <silent>' key map
    endif
  endfor
  let taken = map(filter(maplist(), 'v:val.mode =~# "[i!]"'), 'v:val.lhsraw')
  for [key, raw, map] in s:alt_keys
    if mapcheck(key, 'i') ==# '' && index(taken, raw) < 0
      execute 'imap <silent> <Plug>(eke-key)' map
      call mapset('i', 0, extend(maparg('<Plug>(eke-key)', 'i', 0, 1), {'lhs': key, 'lhsraw': raw}))
      iunmap <Plug>(eke-key)
    endif
  endfor
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
