" A conversation's buffer: Markdown, "## You" and "## eke" in turn. What was said stands above the last "## You" and is drawn from
" memory, so that it is there again whatever becomes of the buffer; below it is the draft, which is the user's.
"
" A page: name, buf; above: the lines of what was said, an empty one at the end; top: how many of them are in the buffer; marks and
" levels: for each of them the fence that is open behind it, and its fold; draft: the lines below the heading when last looked at;
" undo and redo: former ones (Vim's own undo would take back answers, too).

const s:YOU = '## You'

function! eke#page#new(name) abort
  return {'name': a:name, 'buf': -1, 'above': [], 'top': 0, 'marks': [], 'levels': [], 'draft': ['', ''], 'undo': [], 'redo': []}
endfunction

" --- the buffer ---

" Makes sure that there is one. It is filled by BufReadCmd, as it is by :edit, :buffer and a session.
function! eke#page#load(page) abort
  if !bufloaded(a:page.buf) || empty(getbufvar(a:page.buf, 'eke_page'))
    let a:page.buf = bufadd(a:page.name)
    call bufload(a:page.buf)
  endif
endfunction

" Fills the current buffer, of that name.
function! eke#page#fill(page) abort
  let a:page.buf = bufnr()
  let b:eke_page = a:page
  setlocal buftype=nofile bufhidden=hide noswapfile nobuflisted undolevels=-1 modifiable
  if &filetype !=# 'ekechat'
    setlocal filetype=ekechat
  endif
  setlocal syntax=ekechat omnifunc=eke#page#complete formatoptions-=t
  silent keepjumps call deletebufline('%', 1, '$')
  call setline(1, a:page.above + [s:YOU] + a:page.draft)
  let a:page.top = len(a:page.above)
  call s:maps()
endfunction

function! s:maps() abort
  nnoremap <buffer> <silent> <CR> <Cmd>call eke#chat#submit()<CR>
  nnoremap <buffer> <silent> <C-C> <Cmd>EkeCancel<CR>
  nnoremap <buffer> <silent> ga <Cmd>EkeApply<CR>
  nnoremap <buffer> <silent> gr <Cmd>EkeRegenerate<CR>
  nnoremap <buffer> <silent> gn <Cmd>EkeChat!<CR>
  nnoremap <buffer> <silent> u <Cmd>call eke#page#undo('undo', 'redo')<CR>
  nnoremap <buffer> <silent> <C-R> <Cmd>call eke#page#undo('redo', 'undo')<CR>
  inoremap <buffer> <silent> <Tab> <Cmd>call <SID>tab()<CR>
endfunction

" Keys that wait must not be looked over before what was typed is in the buffer: no <expr>.
function! s:tab() abort
  call feedkeys(pumvisible() ? "\<C-N>" : eke#page#lead() ==# '' ? "\<Tab>" : "\<C-X>\<C-O>", 'in')
endfunction

" In a window that shows it.
function! eke#page#window() abort
  setlocal wrap linebreak nonumber norelativenumber nolist signcolumn=no
  setlocal foldmethod=expr foldexpr=eke#page#level(v:lnum) foldtext=eke#page#foldtext() foldlevel=1 foldenable
  setlocal statusline=%{eke#chat#line()}
  call s:colors()
endfunction

function! eke#page#level(lnum) abort
  return exists('b:eke_page') ? get(b:eke_page.levels, a:lnum - 1, 0) : 0
endfunction

" What is folded grows: its last line says more than its first.
function! eke#page#foldtext() abort
  return printf('> … %s (%d lines)', trim(substitute(getline(v:foldend), '^[> ]*', '', '')), v:foldend - v:foldstart + 1)
endfunction

" --- what was said ---

" What was said is {lines} from index {from} on. {kind} is 'thought' for reasoning.
function! eke#page#write(page, from, lines, kind = '') abort
  if a:from < len(a:page.above)
    for list in [a:page.above, a:page.marks, a:page.levels]
      call remove(list, a:from, -1)
    endfor
  endif
  call extend(a:page.above, a:lines)
  call s:mark(a:page, a:from, a:kind)
  let a:page.stale = min([a:from, get(a:page, 'stale', a:from)])
  if bufloaded(a:page.buf) && !(pumvisible() && bufnr() == a:page.buf) " a menu must not be moved
    call s:draw(a:page)
  endif
endfunction

" Text is added to the last line.
function! eke#page#append(page, text, kind = '') abort
  let last = len(a:page.above) - 2
  let lines = split((a:kind ==# '' ? '' : a:page.above[last] ==# '' ? '> ' : '')
        \ .. substitute(a:text, a:kind ==# '' ? '\r' : '\n', a:kind ==# '' ? '' : '\n> ', 'g'), "\n", 1)
  let lines[0] = a:page.above[last] .. lines[0]
  call eke#page#write(a:page, last, lines + [''], a:kind)
endfunction

function! s:mark(page, from, kind) abort
  let fence = a:from == 0 ? '' : a:page.marks[a:from - 1]
  for line in a:page.above[a:from :]
    let mark = a:kind ==# '' ? matchstr(line, '^\s*\zs\(`\{3,}\|\~\{3,}\)') : ''
    let ends = fence !=# '' && mark[0] ==# fence[0] && len(mark) >= len(fence) && line =~# '^\s*\S\+\s*$'
    let level = fence !=# '' ? (ends ? '<1' : 1) : mark !=# '' ? '>1' : 0
    let fence = ends ? '' : fence !=# '' ? fence : mark
    if mark !=# '' && fence !=# ''
      call eke#page#language(a:page.buf, matchstr(line, mark .. '\s*\zs[a-zA-Z0-9_+#-]\+'))
    endif
    call add(a:page.marks, fence)
    call add(a:page.levels, a:kind !=# '' && line =~# '^>' ? 2 : level)
  endfor
endfunction

function! s:draw(page) abort
  let from = a:page.stale
  let lines = a:page.above[from :]
  let old = a:page.top - from
  let common = min([old, len(lines)])
  let followers = filter(win_findbuf(a:page.buf), {_, id -> line('.', id) > a:page.top})
  if common > 0
    call setbufline(a:page.buf, from + 1, lines[: common - 1])
  endif
  if len(lines) > common
    call appendbufline(a:page.buf, from + common, lines[common :])
  elseif old > common
    silent call deletebufline(a:page.buf, from + common + 1, from + old)
  endif
  let a:page.top = len(a:page.above)
  call remove(a:page, 'stale')
  for id in followers
    call win_execute(id, 'if line(".") > line("w$") | noautocmd normal! zb' .. "\n" .. 'endif')
  endfor
endfunction

" The blocks of code: their first and last line, without the fences.
function! eke#page#blocks(page) abort
  let [blocks, first] = [[], 0]
  for [index, level] in items(a:page.levels)
    if level ==# '>1'
      let first = index + 2
    elseif level ==# '<1'
      call add(blocks, {'first': first, 'last': index})
    endif
  endfor
  return blocks
endfunction

" --- the draft ---

" The lines below the last heading. What was changed above it is drawn again.
function! s:look(page) abort
  let lines = getbufline(a:page.buf, 1, '$')
  let heading = a:page.top
  if get(lines, heading, '') ==# s:YOU && (has_key(a:page, 'stale') || heading == 0 || lines[: heading - 1] ==# a:page.above)
    return lines[heading + 1 :]
  endif
  let at = index(reverse(copy(lines)), s:YOU)
  let draft = at == 0 ? [''] : at > 0 ? lines[-at :] : lines ==# [''] ? ['', ''] : a:page.draft
  let view = winsaveview()
  call setbufline(a:page.buf, 1, a:page.above + [s:YOU] + draft)
  silent call deletebufline(a:page.buf, len(a:page.above) + 1 + len(draft) + 1, '$')
  let a:page.top = len(a:page.above)
  if bufnr() == a:page.buf
    call winrestview(view)
  endif
  call eke#say('what was said cannot be changed; write below the last ' .. s:YOU)
  return draft
endfunction

function! eke#page#draft(page) abort
  if bufloaded(a:page.buf) && !empty(getbufvar(a:page.buf, 'eke_page'))
    call s:settle(a:page, s:look(a:page))
  endif
  return trim(join(a:page.draft, "\n"))
endfunction

function! s:settle(page, draft) abort
  if a:draft !=# a:page.draft
    call add(a:page.undo, a:page.draft)
    let a:page.redo = []
    let a:page.draft = a:draft
  endif
endfunction

" The buffer has changed, or Insert mode was left.
function! eke#page#changed(settled) abort
  if !exists('b:eke_page')
    return
  endif
  let draft = s:look(b:eke_page)
  if a:settled
    call s:settle(b:eke_page, draft)
  endif
  if has_key(b:eke_page, 'stale') && !pumvisible()
    call s:draw(b:eke_page)
  endif
endfunction

" What is typed goes into the draft, wherever the cursor was.
function! eke#page#enter() abort
  if exists('b:eke_page') && line('.') <= b:eke_page.top + 1
    let v:char = 'x' " the cursor stays there
    call s:look(b:eke_page)
    call cursor('$', 1)
    call feedkeys("\<End>", 'in')
  endif
endfunction

function! eke#page#set_draft(page, lines) abort
  call eke#page#draft(a:page)
  call s:settle(a:page, a:lines)
  call s:put_draft(a:page)
endfunction

function! s:put_draft(page) abort
  if bufloaded(a:page.buf)
    call setbufline(a:page.buf, a:page.top + 2, a:page.draft)
    silent call deletebufline(a:page.buf, a:page.top + 2 + len(a:page.draft), '$')
  endif
endfunction

function! eke#page#undo(from, to) abort
  for i in range(v:count1)
    call eke#page#draft(b:eke_page)
    if empty(b:eke_page[a:from])
      return eke#say(a:from ==# 'undo' ? 'already at the oldest draft' : 'already at the newest draft')
    endif
    call add(b:eke_page[a:to], b:eke_page.draft)
    let former = b:eke_page.draft
    let b:eke_page.draft = remove(b:eke_page[a:from], -1)
    call s:put_draft(b:eke_page)
    let same = 0
    while same < len(former) && get(b:eke_page.draft, same, 0) ==# former[same]
      let same += 1
    endwhile
    call cursor(min([b:eke_page.top + 2 + same, line('$')]), 1)
  endfor
endfunction

" --- completion of /commands and @files ---

" The /command or @file that is being written at the cursor.
function! eke#page#lead() abort
  let before = strpart(getline('.'), 0, col('.') - 1)
  let first = b:eke_page.top + 1 + match(getline(b:eke_page.top + 2, '$'), '\S') + 1
  let command = line('.') == first ? matchstr(before, '^\s*\zs/[a-zA-Z0-9_-]*$') : ''
  return command !=# '' ? command : matchstr(before, '\%(^\|\s\)\zs@[^ \t"]*$')
endfunction

function! eke#page#complete(find, base) abort
  if a:find
    let lead = eke#page#lead()
    return lead ==# '' ? -3 : col('.') - 1 - len(lead)
  elseif a:base[0] ==# '/'
    return filter(map(eke#chat#commands(), {_, one -> '/' .. one}), {_, one -> stridx(one, a:base) == 0})
  endif
  let lead = a:base[1 :]
  let open = map(getbufinfo({'buflisted': 1}), {_, info -> fnamemodify(info.name, ':~:.')})
  call filter(open, {_, name -> name !=# '' && name !~# '^[~/]\|://' && stridx(name, lead) >= 0})
  let names = uniq(open + filter(getcompletion(lead, 'file'), {_, name -> index(open, name) < 0}))
  return map(names, {_, name -> '@' .. name})
endfunction

" --- colours ---

const s:languages = {'js': 'javascript', 'ts': 'typescript', 'jsx': 'javascriptreact', 'tsx': 'typescriptreact', 'py': 'python',
      \ 'rs': 'rust', 'golang': 'go', 'c++': 'cpp', 'h': 'c', 'bash': 'sh', 'shell': 'sh', 'zsh': 'sh', 'console': 'sh', 'rb': 'ruby',
      \ 'csharp': 'cs', 'c#': 'cs', 'yml': 'yaml', 'md': '', 'markdown': '', 'text': '', 'txt': '', 'plaintext': '',
      \ 'kt': 'kotlin', 'patch': 'diff', 'dockerfile': 'dockerfile', 'makefile': 'make', 'viml': 'vim', 'vimscript': 'vim'}

" Code behind a fence that names its language is highlighted as such, if there is syntax for it.
function! eke#page#language(buf, name) abort
  let name = tolower(a:name)
  let type = get(s:languages, name, name)
  let known = getbufvar(a:buf, 'eke_languages', {})
  if type ==# '' || has_key(known, name) || a:buf < 0 || !bufloaded(a:buf)
    return
  endif
  let known[name] = 1
  call setbufvar(a:buf, 'eke_languages', known)
  let windows = win_findbuf(a:buf)
  if !exists('g:syntax_on') || empty(windows) || empty(globpath(&runtimepath, 'syntax/' .. type .. '.vim'))
    return empty(windows) ? remove(known, name) : 0
  endif
  call win_execute(windows[0], ['unlet! b:current_syntax', 'silent! syntax include @ekeCode_' .. type .. ' syntax/' .. type .. '.vim',
        \ 'syntax region ekeCode matchgroup=ekeFence start="^\s*\(`\{3,}\|\~\{3,}\)\s*\c' .. escape(name, '+#*.')
        \ .. '\%([ {:,].*\)\?$" end="^\s*\(`\{3,}\|\~\{3,}\)\s*$" keepend contains=@ekeCode_' .. type, "let b:current_syntax = 'ekechat'"])
endfunction

" Of all that stands there: after the syntax was loaded again.
function! eke#page#colors() abort
  let b:eke_languages = {}
  call s:colors()
endfunction

function! s:colors() abort
  for line in exists('b:eke_page') ? filter(copy(b:eke_page.above), {_, one -> one =~# '^\s*[`~]\{3}'}) : []
    call eke#page#language(bufnr(), matchstr(line, '^\s*[`~]*\s*\zs[a-zA-Z0-9_+#-]\+'))
  endfor
endfunction
