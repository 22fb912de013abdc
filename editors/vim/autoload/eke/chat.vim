" The chat: a scratch buffer of Markdown. What stands below the last "## You" is the next question; <CR> in Normal mode sends it.
" The conversation itself is the server's; here is only what is on the screen, and where code of an answer belongs.

const s:NAME = 'eke://chat'
const s:YOU = '## You'
const s:EKE = '## eke'
const s:COMMANDS = ['explain', 'problems', 'optimize', 'refactor', 'document', 'tests', 'fix', 'commit', 'ask', 'write']
const s:TOO_OLD = -32601

let s:buf = -1
let s:chat = ''     " the conversation's id, '' before its first answer
let s:turn = {}     " the request in flight: id, token, start (line of the answer), what is below it then, former answer
let s:asked = ''    " the last question
let s:token = 0
let s:origins = []  " for each answer on the screen: what it is about, {} for nothing
let s:needs = {}    " of each chat command: selection, file, diff or none
let s:serial = 0

" --- commands ---

" :EkeChat
function! eke#chat#open(range, first, last, text) abort
  if a:text !=# ''
    return eke#chat#ask('', a:range, a:first, a:last, a:text)
  endif
  let context = a:range ? s:selection(a:first, a:last) : {}
  call s:show(1)
  if !empty(context)
    let s:next = context
  endif
  call cursor('$', 1)
  startinsert!
endfunction

" :EkeAsk
function! eke#chat#ask(command, range, first, last, text) abort
  let text = a:text ==# '' ? input('Ask eke: ') : a:text
  if text !=# '' && eke#server#running({-> eke#chat#ask(a:command, a:range, a:first, a:last, text)})
    call s:send(text, a:command ==# 'ask' ? '' : a:command, a:range ? s:selection(a:first, a:last) : {})
  endif
endfunction

" :Eke {command} [words]
function! eke#chat#command(range, first, last, arguments) abort
  if !eke#server#running({-> eke#chat#command(a:range, a:first, a:last, a:arguments)})
    return
  endif
  let [name, words] = matchlist(a:arguments, '^\(\S\+\)\s*\(.*\)$')[1:2]
  let place = {'range': a:range, 'first': a:first, 'last': a:last, 'buf': bufnr(), 'name': name, 'words': words}
  if !empty(s:needs)
    return s:run(place)
  endif
  call eke#server#request('chat/commands', {}, {result, error -> s:learn(result, error) + s:run(place)})
endfunction

function! s:learn(result, error) abort
  for command in empty(a:error) ? a:result.commands : []
    let s:needs[command.name] = command.needs
  endfor
  return 0
endfunction

" The command about the range; without one, about what it needs.
function! s:run(place) abort
  let needs = get(s:needs, a:place.name, 'selection')
  if !empty(s:needs) && !has_key(s:needs, a:place.name)
    return eke#warn(printf('there is no command %s; there are %s', a:place.name, join(sort(keys(s:needs)), ', ')))
  elseif bufnr() != a:place.buf
    return
  endif
  let context = {}
  if a:place.range
    let context = s:selection(a:place.first, a:place.last)
  elseif needs ==# 'file' && eke#documents#is_open(bufnr())
    let context = {'sent': [{'kind': 'file', 'uri': eke#text#uri(bufnr())}], 'name': expand('%:t')}
  elseif needs ==# 'selection'
    let context = s:selection(line('.'), line('.'))
  endif
  call s:send(a:place.words, a:place.name, context)
endfunction

function! eke#chat#complete(lead, line, position) abort
  return join(empty(s:needs) ? s:COMMANDS : sort(keys(s:needs)), "\n")
endfunction

" :EkeRegenerate
function! eke#chat#regenerate() abort
  if !empty(s:turn)
    return eke#say('still answering; :EkeCancel ends that')
  elseif s:chat ==# ''
    return eke#say('there is no answer yet')
  elseif !eke#server#running({-> eke#chat#regenerate()})
    return
  endif
  call s:show(0)
  let lines = getbufline(s:buf, 1, '$')
  let answer = len(lines) - 1 - match(reverse(copy(lines)), '^' .. s:EKE)
  let question = s:last_question()
  if answer >= len(lines) || question < answer
    return eke#say('there is no answer on the screen')
  endif
  let next = trim(join(lines[question :], "\n"))
  silent call deletebufline(s:buf, answer + 1, '$')
  call s:start('chat/regenerate', {}, next ==# s:asked ? '' : next, '', lines[answer : question - 3])
endfunction

" :EkeCancel
function! eke#chat#cancel() abort
  if !empty(s:turn)
    call eke#server#cancel(s:turn.id)
  endif
endfunction

" --- what a question is about ---

" Lines of the current buffer, as the server finds them in its copy; as text if it has none. They are marked, so that :EkeApply
" finds them after other edits.
function! s:selection(first, last) abort
  let buf = bufnr()
  call eke#documents#visit(buf)
  call eke#documents#flush(buf)
  let lines = getline(a:first, a:last)
  let s:serial += 1
  if empty(prop_type_get('EkeOrigin'))
    call prop_type_add('EkeOrigin', {})
  endif
  call prop_add(a:first, 1, {'end_lnum': a:last, 'end_col': len(lines[-1]) + 1, 'type': 'EkeOrigin', 'id': s:serial})
  let sent = eke#documents#is_open(buf)
        \ ? {'kind': 'selection', 'uri': eke#text#uri(buf), 'range': eke#edit#lines(a:first, a:last)}
        \ : {'kind': 'text', 'name': expand('%:t'), 'text': join(lines, "\n")}
  let name = expand('%:~:.') .. ':' .. a:first .. (a:last > a:first ? '-' .. a:last : '')
  return {'sent': [sent], 'buf': buf, 'id': s:serial, 'lines': lines, 'name': name}
endfunction

" --- the buffer ---

function! s:show(focus) abort
  let here = win_getid()
  if !bufexists(s:buf)
    let s:buf = bufadd(s:NAME)
    call bufload(s:buf)
    call s:prepare()
  endif
  let windows = win_findbuf(s:buf)->filter({_, id -> win_id2tabwin(id)[0] == tabpagenr()})
  if empty(windows)
    execute eke#option('chat_position') min([eke#option('chat_width'), &columns / 2]) .. 'split'
    execute 'noautocmd buffer' s:buf
    call s:maps()
    setlocal wrap linebreak nonumber norelativenumber nolist foldmethod=manual foldlevel=99 winfixwidth
    call s:fold(win_getid())
  else
    call win_gotoid(windows[0])
  endif
  if !a:focus
    call win_gotoid(here)
  endif
endfunction

function! s:prepare() abort
  call setbufvar(s:buf, '&buftype', 'nofile')
  call setbufvar(s:buf, '&bufhidden', 'hide')
  call setbufvar(s:buf, '&swapfile', 0)
  call setbufvar(s:buf, '&buflisted', 0)
  call setbufvar(s:buf, '&undolevels', -1)
  call setbufvar(s:buf, '&filetype', 'ekechat')
  call setbufvar(s:buf, '&syntax', 'markdown')
  call setbufline(s:buf, 1, [s:YOU, '', ''])
  let s:origins = []
endfunction

function! s:maps() abort
  nnoremap <buffer> <silent> <CR> <Cmd>call <SID>submit()<CR>
  nnoremap <buffer> <silent> <C-C> <Cmd>EkeCancel<CR>
  nnoremap <buffer> <silent> ga <Cmd>EkeApply<CR>
  nnoremap <buffer> <silent> gr <Cmd>EkeRegenerate<CR>
  nnoremap <buffer> <silent> gn <Cmd>call <SID>renew()<CR>
endfunction

" Another conversation; this one stays in :EkeHistory.
function! s:renew() abort
  if !empty(s:turn)
    return eke#say('still answering; <C-C> cancels')
  endif
  let s:chat = ''
  let s:origins = []
  call s:fill([s:YOU, '', ''])
endfunction

function! s:fill(lines) abort
  silent call deletebufline(s:buf, 1, '$')
  call setbufline(s:buf, 1, a:lines)
  call s:follow(map(win_findbuf(s:buf), '[v:val, 1]'))
endfunction

" The line of the last heading over a question, 0 if there is none.
function! s:last_question() abort
  let above = index(reverse(getbufline(s:buf, 1, '$')), s:YOU)
  return above < 0 ? 0 : getbufinfo(s:buf)[0].linecount - above
endfunction

" What the user wrote below the last heading.
function! s:submit() abort
  let start = s:last_question()
  let text = trim(join(getbufline(s:buf, start + 1, '$'), "\n"))
  if text ==# '' || start == 0
    return eke#say('write below the last ' .. s:YOU .. ', then <CR>')
  endif
  let context = get(s:, 'next', {})
  let s:next = {}
  call s:send(text, '', context, start)
endfunction

" Windows that show the chat, and whether their cursor is at the end: there it stays.
function! s:following() abort
  return map(win_findbuf(s:buf), {_, id -> [id, line('.', id) >= line('$', id) - 1]})
endfunction

" Appends text to the buffer's last line.
function! s:append(text) abort
  let following = s:following()
  let lines = split(a:text, "\n", 1)
  let last = getbufinfo(s:buf)[0].linecount
  call setbufline(s:buf, last, getbufline(s:buf, last)[0] .. lines[0])
  if len(lines) > 1
    call appendbufline(s:buf, last, lines[1:])
  endif
  call s:follow(following)
endfunction

function! s:follow(windows) abort
  for [id, follows] in a:windows
    if follows
      call win_execute(id, 'call cursor("$", 1)')
    endif
  endfor
endfunction

" A fold, open, for each block of code.
function! s:fold(window) abort
  call win_execute(a:window, 'silent! normal! zE')
  for block in s:blocks()
    if block.last > block.first
      call win_execute(a:window, printf('silent! %d,%dfold | silent! %dfoldopen', block.first - 1, block.last + 1, block.first))
    endif
  endfor
endfunction

" The blocks of code: their first and last line, without the fences.
function! s:blocks() abort
  let [blocks, fence, first] = [[], '', 0]
  for [index, line] in items(getbufline(s:buf, 1, '$'))
    let mark = matchstr(line, '^\s*\zs\(`\{3,}\|\~\{3,}\)')
    if mark ==# ''
      continue
    elseif fence ==# ''
      let [fence, first] = [mark, index + 2]
    elseif mark[0] ==# fence[0] && len(mark) >= len(fence) && line =~# '^\s*\S\+\s*$'
      call add(blocks, {'first': first, 'last': index})
      let fence = ''
    endif
  endfor
  return blocks
endfunction

" --- asking ---

" {at} is the heading's line if the question stands in the buffer already.
function! s:send(text, command, context, at = 0) abort
  if !empty(s:turn)
    return eke#say('still answering; :EkeCancel ends that')
  elseif !eke#server#running({-> s:send(a:text, a:command, a:context, a:at)})
    return
  endif
  call s:show(0)
  if a:at == 0
    let words = [a:command ==# '' ? '' : '/' .. a:command, a:text, has_key(a:context, 'name') ? '(' .. a:context.name .. ')' : '']
    call s:ask_on_screen(join(filter(words, 'v:val !=# ""')))
  endif
  call add(s:origins, a:context)
  let s:asked = a:text
  let params = {'prompt': a:text}
  if a:command !=# ''
    let params.command = a:command
  endif
  if has_key(a:context, 'sent')
    let params.context = a:context.sent
  endif
  call s:start('chat/send', params, '', a:text, [])
endfunction

" Below the answer then stands {next}, or {again} where there was none to be had; and {former}, if it is not empty, in its place.
function! s:start(method, params, next, again, former) abort
  let s:token += 1
  call s:append(printf("%s%s\n\n", getbufline(s:buf, '$')[0] ==# '' ? "\n" : "\n\n", s:EKE))
  let s:turn = {'token': s:token, 'start': getbufinfo(s:buf)[0].linecount, 'id': 0,
        \ 'next': a:next, 'again': a:again, 'former': a:former}
  let params = extend(a:params, {'streamToken': s:token})
  if s:chat !=# ''
    let params.chatId = s:chat
  endif
  let s:turn.id = eke#server#request(a:method, params, function('s:on_answer'))
endfunction

" Puts a question that was asked elsewhere below the last heading.
function! s:ask_on_screen(text) abort
  let start = s:last_question()
  silent call deletebufline(s:buf, start + 1, '$')
  call appendbufline(s:buf, start, [''] + split(a:text, "\n", 1))
  call s:follow(map(win_findbuf(s:buf), '[v:val, 1]'))
endfunction

function! eke#chat#progress(params) abort
  if get(s:turn, 'token', 0) is a:params.token
    call s:append(substitute(get(a:params.value, 'text', ''), '\r', '', 'g'))
  endif
endfunction

" The answer is whole by itself: what was streamed is put right if it differs.
function! s:on_answer(result, error) abort
  let turn = s:turn
  let s:turn = {}
  " No answer came: the former one, if there was one, is there again.
  if !empty(a:error) && !empty(turn.former) && getbufline(s:buf, turn.start, '$') ==# ['']
    call setbufline(s:buf, turn.start - 2, turn.former)
  endif
  if empty(a:error)
    let s:chat = a:result.chatId
    call s:put_right(turn.start, a:result.text)
    call setbufline(s:buf, turn.start - 2, s:EKE .. ' · ' .. a:result.model)
    call s:note(join(get(a:result, 'trimmed', []), '; '))
    call s:note(get({'length': 'cut off: the answer is as long as it may be', 'filter': "cut off by the service's content filter",
          \ 'truncated': 'cut off: the connection broke'}, a:result.finishReason, ''))
  elseif a:error.code == s:TOO_OLD
    call s:note('This eke (' .. eke#server#version() .. ') has no chat for editors yet: update it. `eke chat` in a terminal works.')
  else
    call s:note(a:error.message)
  endif
  call s:append("\n\n" .. s:YOU .. "\n\n" .. (empty(a:error) || a:error.code == -32800 ? turn.next : turn.next .. turn.again))
  for window in win_findbuf(s:buf)
    call s:fold(window)
  endfor
endfunction

function! s:put_right(start, text) abort
  let lines = split(substitute(trim(a:text, "\n"), '\r', '', 'g'), "\n", 1)
  if getbufline(s:buf, a:start, '$') !=# lines
    let following = s:following()
    silent call deletebufline(s:buf, a:start + len(lines), '$')
    call setbufline(s:buf, a:start, lines)
    call s:follow(following)
  endif
endfunction

function! s:note(text) abort
  if a:text !=# ''
    call s:append(printf("%s> %s", getbufline(s:buf, '$')[0] ==# '' ? '' : "\n\n", a:text))
  endif
endfunction

" --- :EkeApply ---

" Puts the code at the cursor, else the last of the chat, in the place of what the question was about.
function! eke#chat#apply() abort
  let blocks = bufexists(s:buf) ? s:blocks() : []
  let here = bufnr() == s:buf ? filter(copy(blocks), {_, b -> b.first - 1 <= line('.') && line('.') <= b.last + 1}) : blocks
  if empty(here)
    return eke#say('there is no block of code at the cursor')
  endif
  let block = here[-1]
  let number = count(map(getbufline(s:buf, 1, block.first), 'v:val[: len(s:EKE) - 1]'), s:EKE)
  let origin = get(s:origins, number - 1, {})
  let lines = getbufline(s:buf, block.first, block.last)
  if has_key(origin, 'id') && bufexists(origin.buf)
    return s:replace(origin, lines)
  endif
  let window = s:other_window()
  if window == 0
    return eke#say('there is no window to put it into')
  endif
  let at = line('.', window)
  call appendbufline(winbufnr(window), at, lines)
  call eke#say(printf('put below line %d of %s; u there takes it back', at, fnamemodify(bufname(winbufnr(window)), ':t')))
endfunction

function! s:replace(origin, lines) abort
  call bufload(a:origin.buf)
  let marks = prop_list(1, {'bufnr': a:origin.buf, 'end_lnum': -1, 'types': ['EkeOrigin'], 'ids': [a:origin.id]})
  if empty(marks)
    return eke#say('the text that this is about is gone')
  endif
  let [first, last] = [marks[0].lnum, marks[-1].lnum]
  if getbufline(a:origin.buf, first, last) !=# a:origin.lines
        \ && confirm('eke: that text has changed since. Replace it all the same?', "&Yes\n&No", 2) != 1
    return
  endif
  call eke#edit#replace(a:origin.buf, eke#edit#lines(first, last), join(a:lines, "\n") .. "\n")
  let past = first + len(a:lines) - 1
  call prop_remove({'type': 'EkeOrigin', 'id': a:origin.id, 'both': 1, 'bufnr': a:origin.buf, 'all': 1}, first, past)
  call prop_add(first, 1, {'end_lnum': past, 'end_col': len(a:lines[-1]) + 1, 'type': 'EkeOrigin', 'id': a:origin.id,
        \ 'bufnr': a:origin.buf})
  let a:origin.lines = a:lines
  call eke#say(printf('lines %d to %d of %s replaced; u there takes it back', first, last, fnamemodify(bufname(a:origin.buf), ':t')))
endfunction

" The window with a file that the user was in last.
function! s:other_window() abort
  let candidates = [win_getid(winnr('#'))] + map(range(1, winnr('$')), 'win_getid(v:val)')
  return get(filter(candidates, {_, id -> id != 0 && getbufvar(winbufnr(id), '&buftype') ==# ''}), 0, 0)
endfunction

" --- :EkeHistory ---

function! eke#chat#history(query) abort
  if eke#server#running({-> eke#chat#history(a:query)})
    call eke#server#request('chat/list', a:query ==# '' ? {'limit': 50} : {'limit': 50, 'query': a:query}, function('s:on_list'))
  endif
endfunction

function! s:on_list(result, error) abort
  if !empty(a:error)
    return eke#warn(a:error.code == s:TOO_OLD ? 'this eke keeps no chats yet: update it' : a:error.message)
  elseif empty(a:result.chats)
    return eke#say('no chats yet')
  endif
  let chats = a:result.chats
  let Chosen = {_, choice -> choice < 1 ? 0
        \ : eke#server#request('chat/get', {'chatId': chats[choice - 1].chatId}, function('s:on_chat'))}
  call popup_menu(map(copy(chats), 'v:val.title'), {'title': ' chats ', 'maxheight': &lines / 2, 'callback': Chosen})
endfunction

function! s:on_chat(result, error) abort
  if !empty(a:error)
    return eke#warn(a:error.message)
  endif
  call s:show(0)
  let s:chat = a:result.chatId
  let s:origins = []
  let lines = []
  for turn in a:result.turns
    let heading = turn.role ==# 'user' ? s:YOU : s:EKE .. (has_key(turn, 'model') ? ' · ' .. turn.model : '')
    call extend(lines, [heading, ''] + split(trim(turn.text, "\r\n"), '\r\?\n', 1) + [''])
    if turn.role !=# 'user'
      call add(s:origins, {})
    endif
  endfor
  call s:fill(lines + [s:YOU, '', ''])
endfunction
