" Conversations: asking, answers as they come, commands. The conversation itself is the server's; here is what is on the screen
" (page.vim), and where code of an answer belongs.

const s:EKE = '## eke'
const s:COMMANDS = ['explain', 'problems', 'optimize', 'refactor', 'document', 'tests', 'fix', 'commit', 'ask', 'write']
const s:TOO_OLD = -32601
const s:CANCELLED = -32800

" Of each: page; id and title, '' before its first question; turn: the request in flight (id, token, at: the line of what was said
" where the answer begins, again, former); origins: for each answer on the screen what it is about; next: what the next question is
" about; asked: the last question; model: chosen by the user.
let s:chats = []
let s:current = {}
let s:token = 0
let s:needs = {} " of each chat command: selection, file, diff or none
let s:models = []

" --- conversations ---

function! s:new() abort
  let number = len(s:chats) + 1
  let s:current = {'page': eke#page#new('eke://chat' .. (number > 1 ? '/' .. number : '')), 'id': '', 'title': '', 'turn': {},
        \ 'origins': [], 'next': {}, 'asked': '', 'model': get(s:current, 'model', '')}
  call add(s:chats, s:current)
  return s:current
endfunction

" The one in this window; else the one that is in sight; else the last one.
function! eke#chat#current() abort
  for buf in [bufnr()] + tabpagebuflist()
    for chat in s:chats
      if chat.page.buf == buf
        let s:current = chat
        return chat
      endif
    endfor
  endfor
  return empty(s:current) ? s:new() : s:current
endfunction

" BufReadCmd: the buffer is opened for the first time, or was lost. One of a session that was saved is the last conversation here.
function! eke#chat#read(name) abort
  let known = filter(copy(s:chats), {_, chat -> chat.page.name ==# a:name})
  let chat = empty(known) ? s:new() : known[0]
  let chat.page.name = a:name
  call eke#page#fill(chat.page)
  return chat
endfunction

" SessionLoadPost: a session has the name of the buffer and no more. The conversation that it then shows is the last one here.
function! eke#chat#restore() abort
  let fresh = empty(s:chats)
  for info in filter(getbufinfo(), {_, one -> one.name =~# '^eke://chat' && !has_key(one.variables, 'eke_page')})
    for window in info.windows[:0]
      call win_execute(window, ['call eke#chat#read(' .. string(info.name) .. ')', 'call eke#page#window()'])
      if fresh && info.name ==# 'eke://chat'
        let chat = s:chats[-1]
        call eke#server#when_running({-> eke#history#latest(chat)})
      endif
    endfor
  endfor
endfunction

function! s:is_empty(chat) abort
  return a:chat.id ==# '' && empty(a:chat.turn) && empty(a:chat.page.above)
endfunction

" A conversation that was had before, in its buffer.
function! eke#chat#recall(found, focus = 0) abort
  let known = filter(copy(s:chats), {_, one -> one.id ==# a:found.chatId})
  let chat = empty(known) ? eke#chat#current() : known[0]
  if empty(known) && !s:is_empty(chat)
    let chat = s:new()
  endif
  if empty(chat.turn)
    call eke#chat#fill(chat, a:found)
  endif
  call eke#chat#show(chat, a:focus)
endfunction

function! eke#chat#fill(chat, found) abort
  let [a:chat.id, a:chat.title, a:chat.origins, a:chat.context] = [a:found.chatId, a:found.title, [], {}]
  call eke#page#load(a:chat.page)
  call eke#page#write(a:chat.page, 0, [])
  for turn in a:found.turns
    let page = a:chat.page
    if turn.role ==# 'user'
      let names = map(copy(get(turn, 'context', [])), 'v:val.name')
      let words = [has_key(turn, 'command') ? '/' .. turn.command : '', turn.text, empty(names) ? '' : '(' .. join(names, ', ') .. ')']
      call s:say_question(page, join(filter(words, 'v:val !=# ""')))
      let a:chat.asked = turn.text
      continue
    endif
    call eke#page#write(page, len(page.above), [s:EKE .. (has_key(turn, 'model') ? ' · ' .. turn.model : ''), '', '', ''])
    if get(turn, 'reasoning', '') !=# ''
      call s:think(page, turn.reasoning)
      call eke#page#append(page, "\n\n")
    endif
    call eke#page#append(page, trim(turn.text, "\r\n"))
    call s:note(page, has_key(turn, 'interrupted') ? 'cut off' : has_key(turn, 'writing') ? 'still being written' : '')
    call add(a:chat.origins, {})
  endfor
endfunction

function! eke#chat#forget(id) abort
  for chat in filter(copy(s:chats), {_, one -> one.id ==# a:id})
    let [chat.id, chat.title, chat.origins, chat.context] = ['', '', [], {}]
    call eke#page#write(chat.page, 0, [])
  endfor
endfunction

" --- its window ---

function! eke#chat#show(chat, focus) abort
  let here = win_getid()
  let s:current = a:chat
  call eke#page#load(a:chat.page)
  let windows = filter(win_findbuf(a:chat.page.buf), {_, id -> win_id2tabwin(id)[0] == tabpagenr()})
  let others = filter(map(range(1, winnr('$')), 'win_getid(v:val)'), {_, id -> !empty(getbufvar(winbufnr(id), 'eke_page'))})
  if !empty(windows)
    call win_gotoid(windows[0])
  elseif !empty(others)
    call win_gotoid(others[0])
    execute 'noswapfile hide buffer' a:chat.page.buf
  else
    let width = min([eke#option('chat_width'), &columns / 2])
    let narrow = &columns < 100 && eke#option('chat_position') =~# 'vert' && &columns / 2 < 40
    execute narrow ? 'botright' : eke#option('chat_position') (narrow ? &lines / 2 : width) .. 'split'
    execute 'noswapfile hide buffer' a:chat.page.buf
    let &l:winfixwidth = !narrow
  endif
  if empty(windows)
    call cursor('$', 1)
  endif
  if !a:focus
    call win_gotoid(here)
  endif
endfunction

" The width of its window is fixed: in a terminal that became narrow it leaves half of that to the text, till there is more.
function! eke#chat#resized() abort
  for chat in s:chats
    for id in filter(win_findbuf(chat.page.buf), {_, id -> getwinvar(id, '&winfixwidth')})
      let width = max([winwidth(id), getwinvar(id, 'eke_width')])
      let fits = min([width, &columns / 2])
      if fits != winwidth(id)
        call win_execute(id, 'vertical resize ' .. fits)
      endif
      call setwinvar(id, 'eke_width', fits < width ? width : 0)
    endfor
  endfor
endfunction

" For the status line of its window.
function! eke#chat#line() abort
  for chat in s:chats
    if chat.page.buf == bufnr()
      let words = ['eke', chat.title, chat.model, empty(chat.turn) ? '' : 'answering …']
      return ' ' .. join(filter(words, 'v:val !=# ""'), ' · ')
    endif
  endfor
  return ''
endfunction

" --- commands ---

" :EkeChat
function! eke#chat#open(new, range, first, last, text) abort
  let context = a:range ? eke#context#lines(a:first, a:last) : {}
  let chat = eke#chat#current()
  let chat = a:new && !s:is_empty(chat) ? s:new() : chat
  if a:text !=# ''
    return eke#chat#ask('', a:range, a:first, a:last, a:text)
  endif
  call eke#chat#show(chat, 1)
  let chat.next = empty(context) ? chat.next : context
  call cursor('$', 1)
  startinsert!
endfunction

" :EkeAsk
function! eke#chat#ask(command, range, first, last, text) abort
  let text = a:text ==# '' ? input('Ask eke: ') : a:text
  if text !=# '' && eke#server#running({-> eke#chat#ask(a:command, a:range, a:first, a:last, text)})
    call s:send(eke#chat#current(), text, a:command ==# 'ask' ? '' : a:command, a:range ? eke#context#lines(a:first, a:last) : {}, 1)
  endif
endfunction

" :Eke {command} [words]
function! eke#chat#command(range, first, last, arguments) abort
  if !eke#server#running({-> eke#chat#command(a:range, a:first, a:last, a:arguments)})
    return
  endif
  let [name, words] = matchlist(a:arguments, '^\(\S\+\)\s*\(.*\)$')[1:2]
  let place = {'range': a:range, 'first': a:first, 'last': a:last, 'buf': bufnr()}
  call s:with_needs({-> bufnr() == place.buf ? s:run(name, words, place) : 0})
endfunction

" Calls back when it is known what the commands need.
function! s:with_needs(Then) abort
  if !empty(s:needs)
    return a:Then()
  endif
  call eke#server#request('chat/commands', {}, {result, error -> [s:learn(result, error), a:Then()]})
endfunction

function! s:learn(result, error) abort
  for command in empty(a:error) ? a:result.commands : []
    let s:needs[command.name] = command.needs
  endfor
endfunction

function! s:is_command(name) abort
  if !empty(s:needs) && !has_key(s:needs, a:name)
    call eke#warn(printf('there is no command %s; there are %s', a:name, join(sort(keys(s:needs)), ', ')))
    return 0
  endif
  return 1
endfunction

" The command about the range; without one, about what it needs.
function! s:run(name, words, place) abort
  if !s:is_command(a:name)
    return
  endif
  let context = eke#context#for(get(s:needs, a:name, 'selection'), a:name, a:place)
  if a:name ==# 'commit' && &filetype ==# 'gitcommit'
    return eke#commit#write(a:words)
  endif
  call s:send(eke#chat#current(), a:words, a:name, context, 1)
endfunction

function! eke#chat#commands() abort
  return sort(empty(s:needs) ? copy(s:COMMANDS) : keys(s:needs))
endfunction

function! eke#chat#complete(lead, line, position) abort
  return join(eke#chat#commands(), "\n")
endfunction

" :EkeModel
function! eke#chat#model(name) abort
  let chat = eke#chat#current()
  if a:name !=# ''
    let chat.model = a:name ==# 'default' ? '' : a:name
    redrawstatus!
    return eke#say(chat.model ==# '' ? 'the configured model answers' : chat.model .. ' answers from now on')
  endif
  if eke#server#running({-> eke#chat#model('')})
    call eke#server#request('models/list', {}, {result, error -> empty(error)
          \ ? s:pick_model(result.models) : eke#warn(error.message)})
  endif
endfunction

function! s:pick_model(models) abort
  let s:models = map(copy(a:models), 'v:val.id')
  call eke#pick(' models ', ['default'] + s:models, {name -> eke#chat#model(name)})
endfunction

function! eke#chat#complete_model(lead, line, position) abort
  if empty(s:models) && eke#server#ready()
    call eke#server#request('models/list', {}, {result, error -> empty(error)
          \ ? execute('let s:models = map(copy(result.models), "v:val.id")') : 0})
  endif
  return join(['default'] + s:models, "\n")
endfunction

" :EkeRegenerate
function! eke#chat#regenerate() abort
  let chat = eke#chat#current()
  if !empty(chat.turn)
    return eke#say('still answering; :EkeCancel ends that')
  elseif chat.id ==# ''
    return eke#say('there is no answer yet')
  elseif !eke#server#running({-> eke#chat#regenerate()})
    return
  endif
  call eke#chat#show(chat, 0)
  let page = chat.page
  let question = len(page.above) - 1
  while question >= 0 && page.above[question] !=# '## You'
    let question -= 1
  endwhile
  let answer = match(page.above, '^' .. s:EKE, max([question, 0]))
  let answer = answer < 0 ? len(page.above) : answer
  let former = page.above[answer :]
  if eke#page#draft(page) ==# chat.asked
    call eke#page#set_draft(page, ['', ''])
  endif
  if !empty(former)
    call remove(chat.origins, -1)
  endif
  call s:start(chat, 'chat/regenerate', {}, answer, '', former, get(chat, 'context', {}))
endfunction

" :EkeCancel
function! eke#chat#cancel() abort
  if eke#server#cancel_of(bufnr())
    return eke#say('cancelled')
  endif
  let chat = eke#chat#current()
  if !empty(chat.turn)
    call eke#server#cancel(chat.turn.id)
  endif
endfunction

" --- asking ---

" <CR> in the buffer: what was written below the last heading.
function! eke#chat#submit() abort
  let chat = eke#chat#current()
  let text = eke#page#draft(chat.page)
  if text ==# ''
    return eke#say('write below the last ## You, then <CR>')
  elseif !empty(chat.turn)
    return eke#say('still answering; <C-C> cancels')
  elseif !eke#server#running({-> eke#chat#submit()})
    return
  endif
  let [name, words] = matchlist(text, '^\%(/\([a-zA-Z0-9_-]\+\)\%(\_s\+\|$\)\)\?\(.*\)$')[1:2]
  if name ==# ''
    return s:submit(chat, text, '', chat.next)
  endif
  call s:with_needs({-> s:is_command(name) ? s:submit(chat, words, name, chat.next) : 0})
endfunction

function! s:submit(chat, text, command, context) abort
  let context = a:context
  if empty(context) && a:command !=# ''
    let context = eke#context#of_other_window(get(s:needs, a:command, 'selection'), a:command)
  endif
  let a:chat.next = {}
  call s:send(a:chat, a:text, a:command, context, 0)
endfunction

" {keep}: what is being written in the buffer stays.
function! s:send(chat, text, command, context, keep) abort
  if !empty(a:chat.turn)
    return eke#say('still answering; :EkeCancel ends that')
  endif
  call eke#chat#show(a:chat, 0)
  let page = a:chat.page
  if !a:keep
    call eke#page#set_draft(page, ['', ''])
  endif
  let words = [a:command ==# '' ? '' : '/' .. a:command, a:text, has_key(a:context, 'name') ? '(' .. a:context.name .. ')' : '']
  call s:say_question(page, join(filter(words, 'v:val !=# ""')))
  let a:chat.asked = a:text
  let a:chat.context = a:context
  let params = {'prompt': a:text}
  if a:command !=# ''
    let params.command = a:command
  endif
  if has_key(a:context, 'sent')
    let params.context = a:context.sent
  endif
  call s:start(a:chat, 'chat/send', params, len(page.above), (a:command ==# '' ? '' : '/' .. a:command .. ' ') .. a:text, [], a:context)
endfunction

function! s:say_question(page, text) abort
  call eke#page#write(a:page, len(a:page.above), ['## You', ''] + split(a:text, "\n", 1) + [''])
endfunction

" The answer is written from line {at} on. Where there is none to be had, {again} is the draft once more, and {former} its place.
function! s:start(chat, method, params, at, again, former, context) abort
  let s:token += 1
  call eke#page#write(a:chat.page, a:at, [s:EKE, '', '', ''])
  call add(a:chat.origins, a:context)
  let a:chat.turn = {'token': s:token, 'at': a:at + 2, 'id': 0, 'again': a:again, 'former': a:former, 'thinks': 0}
  let params = extend(a:params, {'streamToken': s:token})
  if a:chat.id !=# ''
    let params.chatId = a:chat.id
  endif
  if a:chat.model !=# ''
    let params.model = a:chat.model
  endif
  let a:chat.turn.id = eke#server#request(a:method, params, function('s:on_answer', [a:chat]))
  redrawstatus!
endfunction

" eke/didCreateChat: so it has its id although the request may fail.
function! eke#chat#created(params) abort
  for chat in s:chats
    if !empty(chat.turn) && chat.id ==# ''
      let [chat.id, chat.title] = [a:params.chatId, a:params.title]
      return
    endif
  endfor
endfunction

function! eke#chat#progress(params) abort
  for chat in s:chats
    if get(chat.turn, 'token', 0) is a:params.token
      return s:grow(chat, get(a:params.value, 'reasoning', ''), get(a:params.value, 'text', ''))
    endif
  endfor
endfunction

function! s:grow(chat, reasoning, text) abort
  if a:reasoning !=# ''
    let a:chat.turn.thinks = 1
    call s:think(a:chat.page, a:reasoning)
  endif
  if a:text !=# ''
    if a:chat.turn.thinks
      let a:chat.turn.thinks = 0
      call eke#page#append(a:chat.page, "\n\n")
      let a:chat.turn.at = len(a:chat.page.above) - 2
    endif
    call eke#page#append(a:chat.page, a:text)
  endif
endfunction

function! s:think(page, text) abort
  call eke#page#append(a:page, substitute(a:text, '\r', '', 'g'), 'thought')
endfunction

" The answer is whole by itself: what was streamed is put right if it differs.
function! s:on_answer(chat, result, error) abort
  let [turn, page] = [a:chat.turn, a:chat.page]
  let a:chat.turn = {}
  if empty(a:error)
    let [a:chat.id, a:chat.title] = [a:result.chatId, get(a:result, 'title', a:chat.title)]
    call s:put_right(page, turn.at, a:result.text)
    call s:set_line(page, match(page.above[: turn.at], s:EKE .. '$', max([0, turn.at - 2])), s:EKE .. ' · ' .. a:result.model, turn)
    call s:note(page, join(get(a:result, 'trimmed', []), '; '))
    call s:note(page, get(a:result, 'notice', get({'length': 'cut off: the answer is as long as it may be', 'filter': "cut off by the service's content filter",
          \ 'truncated': 'cut off: the connection broke'}, a:result.finishReason, '')))
  else
    if !empty(turn.former) && page.above[turn.at :] ==# ['', ''] " no answer came: the former one is there again
      call eke#page#write(page, turn.at - 2, turn.former)
    endif
    call s:note(page, a:error.code == s:TOO_OLD ? 'This eke (' .. eke#server#version()
          \ .. ') has no chat for editors yet: update it. `eke chat` in a terminal works.' : a:error.message)
    if a:error.code != s:CANCELLED && eke#page#draft(page) ==# ''
      call eke#page#set_draft(page, [''] + split(turn.again, "\n", 1))
    endif
  endif
  call eke#event('EkeChatDone')
  redrawstatus!
endfunction

function! s:put_right(page, at, text) abort
  let lines = split(substitute(trim(a:text, "\n"), '\r', '', 'g'), "\n", 1) + ['']
  if a:page.above[a:at :] !=# lines
    call eke#page#write(a:page, a:at, lines)
  endif
endfunction

" Of one line, what stands below it staying as it is.
function! s:set_line(page, index, text, turn) abort
  let index = a:index
  if index < 0
    let index = a:turn.at - 1
    while index >= 0 && a:page.above[index] !~# '^' .. s:EKE
      let index -= 1
    endwhile
  endif
  let a:page.above[index] = a:text
  if bufloaded(a:page.buf) && !has_key(a:page, 'stale')
    call setbufline(a:page.buf, index + 1, a:text)
  endif
endfunction

function! s:note(page, text) abort
  if a:text !=# ''
    call eke#page#append(a:page, printf("%s> %s", a:page.above[-2] ==# '' ? '' : "\n\n", substitute(a:text, "\n", "\n> ", 'g')))
  endif
endfunction
