" Conversations that were had before: to go on with, to rename, to delete, to export.

const s:TOO_OLD = -32601

" :EkeHistory
function! eke#history#pick(query) abort
  if !eke#server#running({-> eke#history#pick(a:query)})
    return
  endif
  call eke#server#request('chat/list', a:query ==# '' ? {'limit': 50} : {'limit': 50, 'query': a:query}, function('s:on_list'))
endfunction

function! s:on_list(result, error) abort
  if !empty(a:error)
    return eke#warn(a:error.code == s:TOO_OLD ? 'this eke keeps no chats yet: update it' : a:error.message)
  elseif empty(a:result.chats)
    return eke#say('no chats')
  endif
  let chats = {}
  let titles = []
  for chat in a:result.chats
    let title = eke#local_day(chat.updatedAt) .. ' ' .. chat.title
    let title ..= has_key(chats, title) ? ' (' .. len(titles) .. ')' : ''
    let chats[title] = chat.chatId
    call add(titles, title)
  endfor
  call eke#pick(' chats ', titles, {title -> eke#history#get(chats[title], {found -> eke#chat#recall(found)})})
endfunction

function! eke#history#get(id, Then) abort
  call eke#server#request('chat/get', {'chatId': a:id},
        \ {result, error -> empty(error) ? a:Then(result) : eke#warn(error.message)})
endfunction

" The last conversation of this folder, into a buffer that a session brought back.
function! eke#history#latest(chat) abort
  call eke#server#request('chat/list', {'limit': 1, 'workspace': eke#text#file_uri(getcwd())}, {result, error ->
        \ empty(error) && !empty(result.chats) ? eke#history#get(result.chats[0].chatId, {found -> eke#chat#fill(a:chat, found)}) : 0})
endfunction

" --- the one on the screen ---

function! s:current(again) abort
  let chat = eke#chat#current()
  if chat.id ==# ''
    call eke#say('there is no conversation yet')
    return {}
  endif
  return eke#server#running(a:again) ? chat : {}
endfunction

" :EkeRename
function! eke#history#rename(title) abort
  let chat = s:current({-> eke#history#rename(a:title)})
  if !empty(chat)
    call eke#server#request('chat/rename', {'chatId': chat.id, 'title': a:title}, {_, error -> empty(error)
          \ ? [extend(chat, {'title': a:title}), execute('redrawstatus!')] : eke#warn(error.message)})
  endif
endfunction

" :EkeDelete
function! eke#history#delete() abort
  let chat = s:current({-> eke#history#delete()})
  if empty(chat) || confirm('eke: delete the conversation "' .. chat.title .. '"?', "&Yes\n&No", 2) != 1
    return
  endif
  let id = chat.id
  call eke#server#request('chat/delete', {'chatId': id}, {_, error -> empty(error)
        \ ? [eke#chat#forget(id), eke#say('deleted')] : eke#warn(error.message)})
endfunction

" :EkeExport
function! eke#history#export(file) abort
  let chat = s:current({-> eke#history#export(a:file)})
  if !empty(chat)
    call eke#server#request('chat/export', {'chatId': chat.id, 'format': a:file =~# '\.json$' ? 'json' : 'markdown'},
          \ {result, error -> empty(error) ? s:put(result.text, a:file) : eke#warn(error.message)})
  endif
endfunction

function! s:put(text, file) abort
  if a:file ==# ''
    new
    setlocal filetype=markdown
    return setline(1, split(a:text, "\n"))
  elseif filereadable(a:file) && confirm('eke: ' .. a:file .. ' is there already. Overwrite it?', "&Yes\n&No", 2) != 1
    return
  endif
  call eke#say(writefile(split(a:text, "\n"), a:file) == 0 ? 'written to ' .. a:file : 'cannot write ' .. a:file)
endfunction
