" The server's life: started with the first insertion, started again after a crash with growing pauses, given up after the fifth
" crash within three minutes. Requests and notifications go through here.

let s:state = 'off' " off, starting, running, restarting, failed, stopped
let s:pending = {}  " id of a request: what to call with its answer
let s:asked = {}    " id of a request that a buffer waits for: the buffer
let s:crashes = []  " when, in seconds
let s:words = []    " the last lines of its standard error
let s:server = {}   " its answer to initialize
let s:idle = {'state': 'idle', 'message': '', 'budgets': []}
let s:status = s:idle
let s:waiting = []  " what to call when it is up
let s:serial = 0    " of the process: what belongs to a former one is ignored

const s:PROTOCOL = 1
const s:CRASHES = 5
const s:CRASH_SECONDS = 180
const s:PATIENCE = 10000 " ms for the answer to initialize

function! eke#server#state() abort
  return s:state
endfunction

function! eke#server#status() abort
  return s:status
endfunction

function! eke#server#version() abort
  return get(get(s:server, 'serverInfo', {}), 'version', '')
endfunction

function! eke#server#words() abort
  return s:words
endfunction

" What the server says it can do beyond LSP.
function! eke#server#has(flag) abort
  return get(s:abilities(), a:flag, v:false)
endfunction

function! s:abilities() abort
  return get(get(get(s:server, 'capabilities', {}), 'experimental', {}), 'eke', {})
endfunction

function! eke#server#encoding() abort
  return get(get(s:server, 'capabilities', {}), 'positionEncoding', 'utf-16')
endfunction

function! eke#server#ready() abort
  return s:state ==# 'running'
endfunction

" As ready(), for commands: starts it and calls Again() when it is up, or says why it cannot be.
function! eke#server#running(Again) abort
  call eke#server#start()
  if index(['failed', 'stopped'], s:state) >= 0
    call eke#say('not running; :EkeDoctor says why, :EkeRestart tries again')
  elseif s:state !=# 'running'
    call add(s:waiting, a:Again)
  endif
  return s:state ==# 'running'
endfunction

" The same without a word where it cannot be.
function! eke#server#when_running(Then) abort
  call eke#server#start()
  if s:state ==# 'running'
    call a:Then()
  elseif index(['starting', 'restarting'], s:state) >= 0
    call add(s:waiting, a:Then)
  endif
endfunction

" --- start and end ---

function! eke#server#start() abort
  if s:state !=# 'off'
    return
  endif
  let command = eke#option('command')
  if type(command) != v:t_list || empty(command)
    return s:fail("g:eke_command must be a list, such as ['eke', 'serve']")
  endif
  if !executable(command[0])
    return s:fail(printf("cannot find the program %s. Install eke, or set g:eke_command = ['/path/to/eke', 'serve'], "
          \ .. 'then :EkeRestart', command[0]))
  endif
  let s:state = 'starting'
  let s:serial += 1
  let s:words = []
  let s:job = job_start(command, #{
        \ in_mode: 'lsp', out_mode: 'lsp', err_mode: 'nl', noblock: 1, stoponexit: '', env: eke#option('env'),
        \ out_cb: function('s:on_message', [s:serial]),
        \ err_cb: function('s:on_words', [s:serial]),
        \ exit_cb: function('s:on_exit', [s:serial])})
  if job_status(s:job) ==# 'fail'
    return s:fail('cannot start ' .. join(command) .. '; :EkeDoctor')
  endif
  call eke#server#request('initialize', s:introduction(), function('s:on_initialized'))
  call timer_start(s:PATIENCE, function('s:on_patience', [s:serial]))
endfunction

function! s:introduction() abort
  let release = printf('%d.%d.%d', v:versionlong / 1000000, v:versionlong / 10000 % 100, v:versionlong % 10000)
  let folder = eke#text#file_uri(getcwd())
  return {
        \ 'processId': getpid(),
        \ 'clientInfo': {'name': 'Vim', 'version': release},
        \ 'rootUri': folder,
        \ 'workspaceFolders': [{'uri': folder, 'name': fnamemodify(getcwd(), ':t')}],
        \ 'capabilities': {
        \   'general': {'positionEncodings': ['utf-8', 'utf-16']},
        \   'textDocument': {'inlineCompletion': {}, 'synchronization': {'didSave': v:true}},
        \   'window': {'showDocument': {'support': v:true}, 'showMessage': {}},
        \   'workspace': {'applyEdit': v:true, 'workspaceEdit': {'documentChanges': v:true}, 'workspaceFolders': v:true},
        \ },
        \ 'initializationOptions': {
        \   'eke': eke#option('settings'),
        \   'editor': {'name': 'Vim', 'version': release},
        \ }}
endfunction

function! s:on_initialized(result, error) abort
  let s:server = empty(a:error) && type(a:result) == v:t_dict ? a:result : {}
  let protocol = get(s:abilities(), 'protocol', 0)
  if !empty(a:error) || protocol != s:PROTOCOL
    let s:serial += 1
    call job_stop(s:job)
    return s:fail(!empty(a:error) ? a:error.message : protocol == 0
          \ ? join(eke#option('command')) .. ' is no eke: set g:eke_command'
          \ : printf('eke %s speaks protocol %d and this plugin %d: update the older of the two',
          \   eke#server#version(), protocol, s:PROTOCOL))
  endif
  let s:state = 'running'
  call eke#server#notify('initialized', {})
  for info in getbufinfo({'bufloaded': 1})
    call eke#documents#visit(info.bufnr)
  endfor
  if mode() =~# '^[iR]'
    call eke#ghost#moved()
  endif
  call s:redraw()
  let [waiting, s:waiting] = [s:waiting, []]
  for Again in waiting
    call Again()
  endfor
endfunction

function! s:on_patience(serial, timer) abort
  if a:serial == s:serial && s:state ==# 'starting'
    call eke#warn(join(eke#option('command')) .. ' does not answer: is g:eke_command right?')
  endif
endfunction

function! s:fail(why) abort
  let s:state = 'failed'
  let s:waiting = []
  call eke#warn(a:why)
  call s:redraw()
endfunction

function! s:on_exit(serial, job, code) abort
  if a:serial != s:serial
    return
  endif
  call s:forget()
  let now = reltimefloat(reltime())
  call filter(s:crashes, {_, when -> now - when < s:CRASH_SECONDS})
  call add(s:crashes, now)
  let last = empty(s:words) ? '' : ': ' .. s:words[-1]
  if len(s:crashes) > s:CRASHES
    return s:fail(printf('the server ended %d times within 3 minutes (status %d%s). :EkeDoctor says more, :EkeRestart tries again',
          \ len(s:crashes), a:code, last))
  endif
  let s:state = 'restarting'
  let pause = eke#option('restart_delay') * float2nr(pow(2, len(s:crashes) - 1))
  if len(s:crashes) == 1
    call eke#warn(printf('the server ended (status %d%s) and is started again', a:code, last))
  else
    call eke#log(printf('the server ended (status %d%s), again in %d ms', a:code, last, pause))
  endif
  call timer_start(pause, function('s:on_pause', [s:serial]))
  call s:redraw()
endfunction

function! s:on_pause(serial, timer) abort
  if a:serial == s:serial && s:state ==# 'restarting'
    let s:state = 'off'
    call eke#server#start()
  endif
endfunction

" The process is gone: nothing will be answered, no document is open.
function! s:forget() abort
  call eke#documents#forget()
  let s:status = s:idle
  let waiting = values(s:pending)
  let [s:pending, s:asked] = [{}, {}]
  for Callback in waiting
    call Callback(v:null, {'code': -32803, 'message': 'the server ended'})
  endfor
endfunction

function! eke#server#stop() abort
  call eke#server#leave()
  let s:state = 'stopped' " until :EkeRestart
  call s:redraw()
endfunction

function! eke#server#restart() abort
  call eke#server#leave()
  let s:crashes = []
  let s:state = 'off'
  call eke#server#start()
endfunction

" Asks it to end; it does so by itself, at the latest when Vim closes the pipe.
function! eke#server#leave() abort
  let s:serial += 1
  if index(['starting', 'running'], s:state) >= 0 && job_status(s:job) ==# 'run'
    call s:send({'method': 'shutdown'}, {'callback': {-> 0}})
    call eke#server#notify('exit', {})
  endif
  call s:forget()
  let s:state = 'off'
endfunction

" --- messages ---

" Calls Callback(result, error) once, or with an error if the server ends before. Returns the request's id, 0 without a server.
function! eke#server#request(method, params, Callback) abort
  if index(['starting', 'running'], s:state) < 0
    return 0
  endif
  let id = get(s:send({'method': a:method, 'params': a:params}, {'callback': function('s:on_answer', [s:serial])}), 'id', 0)
  if id != 0
    let s:pending[id] = a:Callback
  endif
  return id
endfunction

" A process that has just ended may not have been noticed yet: then nothing is sent.
function! s:send(message, options = {}) abort
  if ch_status(s:job) !=# 'open'
    return {}
  endif
  let sent = ch_sendexpr(s:job, a:message, a:options)
  return type(sent) == v:t_dict ? sent : {}
endfunction

function! eke#server#notify(method, params) abort
  if index(['starting', 'running'], s:state) >= 0
    call s:send({'method': a:method, 'params': a:params})
  endif
endfunction

" The request is still answered; the answer goes nowhere.
function! eke#server#cancel(id) abort
  if has_key(s:pending, a:id)
    call eke#server#notify('$/cancelRequest', {'id': a:id})
  endif
endfunction

" The same for what a buffer waits for: :EkeCancel in it takes that back, and nobody is told of an answer to it.
function! eke#server#request_for(buf, method, params, Callback) abort
  let id = eke#server#request(a:method, a:params, a:Callback)
  if id != 0
    let s:asked[id] = a:buf
  endif
endfunction

" Was there anything?
function! eke#server#cancel_of(buf) abort
  let ids = keys(filter(copy(s:asked), 'v:val == a:buf'))
  for id in ids
    call eke#server#cancel(str2nr(id))
    call remove(s:asked, id)
    let s:pending[id] = {-> 0}
  endfor
  return !empty(ids)
endfunction

function! s:on_answer(serial, channel, message) abort
  if a:serial != s:serial || !has_key(s:pending, a:message.id)
    return
  endif
  if has_key(s:asked, a:message.id)
    call remove(s:asked, a:message.id)
  endif
  call remove(s:pending, a:message.id)(get(a:message, 'result', v:null), get(a:message, 'error', {}))
endfunction

function! s:on_words(serial, channel, line) abort
  if a:serial == s:serial
    call add(s:words, a:line)
    if len(s:words) > 50
      call remove(s:words, 0)
    endif
  endif
endfunction

function! s:on_message(serial, channel, message) abort
  if a:serial != s:serial || type(a:message) != v:t_dict || !has_key(a:message, 'method')
    return
  endif
  let params = get(a:message, 'params', {})
  if has_key(a:message, 'id')
    return s:on_request(a:message.id, a:message.method, params)
  endif
  if a:message.method ==# '$/progress'
    call eke#chat#progress(params)
  elseif a:message.method ==# 'eke/didCreateChat'
    call eke#chat#created(params)
  elseif a:message.method ==# 'eke/didChangeStatus'
    let s:status = extend(copy(s:idle), params)
    call s:redraw()
    call eke#event('EkeStatusChanged')
  elseif a:message.method ==# 'window/showMessage'
    call eke#warn(params.message)
  elseif a:message.method ==# 'window/logMessage'
    call eke#log(params.message)
  endif
endfunction

function! s:on_request(id, method, params) abort
  if a:method ==# 'window/showMessageRequest'
    call eke#edit#question(a:params, function('s:reply', [s:serial, a:id]))
  elseif a:method ==# 'workspace/applyEdit'
    call s:reply(s:serial, a:id, eke#edit#apply(a:params.edit))
  elseif a:method ==# 'window/showDocument'
    call s:reply(s:serial, a:id, {'success': eke#edit#show(a:params) ? v:true : v:false})
  elseif a:method ==# 'workspace/configuration'
    call s:reply(s:serial, a:id, map(copy(a:params.items), 'get(v:val, "section", "eke") ==# "eke" ? eke#option("settings") : v:null'))
  elseif index(['client/registerCapability', 'client/unregisterCapability', 'window/workDoneProgress/create'], a:method) >= 0
    call s:reply(s:serial, a:id, v:null)
  else
    call s:send({'id': a:id, 'error': {'code': -32601, 'message': 'Vim does not know ' .. a:method}})
  endif
endfunction

function! s:reply(serial, id, result) abort
  if a:serial == s:serial && s:state !=# 'off'
    call s:send({'id': a:id, 'result': a:result})
  endif
endfunction

function! s:redraw() abort
  redrawstatus!
endfunction
