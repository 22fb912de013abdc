" What the rest shares: options, highlights, messages, the status.

let s:defaults = {
      \ 'command': ['eke', 'serve'],
      \ 'enabled': 1,
      \ 'auto': 1,
      \ 'filetypes': {},
      \ 'max_bytes': 4 * 1024 * 1024,
      \ 'settings': {},
      \ 'env': {},
      \ 'tab': 1,
      \ 'chat_position': 'botright vertical',
      \ 'chat_width': 80,
      \ 'restart_delay': 500,
      \ }

" The option g:eke_{name}, or its default.
function! eke#option(name) abort
  return get(g:, 'eke_' .. a:name, s:defaults[a:name])
endfunction

" Is eke wanted in the buffer? b:eke_enabled goes before g:eke_filetypes, that before g:eke_enabled.
function! eke#wanted(buf) abort
  if getbufvar(a:buf, '&buftype') !=# '' || !bufloaded(a:buf) || getbufvar(a:buf, 'eke_too_large', 0)
    return 0
  endif
  let types = eke#option('filetypes')
  let default = get(types, '*', 1)
  return getbufvar(a:buf, 'eke_enabled', eke#option('enabled') && get(types, getbufvar(a:buf, '&filetype'), default))
endfunction

function! eke#toggle() abort
  let g:eke_enabled = !eke#option('enabled')
  call eke#ghost#leave()
  for info in getbufinfo({'bufloaded': 1})
    call eke#documents#close(info.bufnr)
    call eke#documents#visit(info.bufnr)
  endfor
  call eke#say(g:eke_enabled ? 'on' : 'off')
endfunction

function! eke#highlight() abort
  " A grey where there is one: of 8 colours none is, of 88 it has another number.
  let [color, style] = &t_Co >= 256 ? [244, 'NONE'] : &t_Co >= 16 ? [8, 'NONE'] : ['DarkCyan', 'underline']
  execute 'highlight default EkeGhost term=underline guifg=#808080 ctermfg=' .. color 'cterm=' .. style
  execute 'highlight default EkeReplaced term=reverse guifg=#808080 gui=strikethrough cterm=strikethrough ctermfg=' .. color
  for name in ['EkeGhost', 'EkeReplaced']
    if empty(prop_type_get(name))
      call prop_type_add(name, {'highlight': name, 'combine': 0, 'priority': 100})
    endif
  endfor
endfunction

" --- messages: short ones on the message line, those that come by themselves in a corner, where no key is asked for ---

let s:log = []

function! eke#say(text) abort
  if strdisplaywidth(a:text) + 5 > v:echospace || a:text =~# "\n"
    return s:notify(a:text, 'Normal')
  endif
  redraw
  echomsg 'eke: ' .. a:text
endfunction

function! eke#warn(text) abort
  call s:notify(a:text, 'WarningMsg')
endfunction

function! s:notify(text, highlight) abort
  call eke#log(a:text)
  call popup_notification(split('eke: ' .. a:text, "\n"), #{
        \ time: 10000, highlight: a:highlight, border: [], close: 'click', maxwidth: max([20, &columns - 8])})
endfunction

function! eke#log(text) abort
  call add(s:log, strftime('%H:%M:%S ') .. tr(a:text, "\n", ' '))
  if len(s:log) > 100
    call remove(s:log, 0)
  endif
endfunction

function! eke#logged() abort
  return copy(s:log)
endfunction

" One of the choices is picked: Then(choice).
function! eke#pick(title, choices, Then) abort
  if exists('*fzf#run') && exists('*fzf#wrap')
    return fzf#run(fzf#wrap({'source': a:choices, 'sink': {choice -> a:Then(choice)}, 'options': ['--prompt', trim(a:title) .. '> ']}))
  endif
  call popup_menu(a:choices, {'title': a:title, 'maxheight': &lines / 2, 'maxwidth': &columns - 8,
        \ 'callback': {_, choice -> choice < 1 ? 0 : a:Then(a:choices[choice - 1])}})
endfunction

" For the user's own autocommands: User EkeChatDone and so on.
function! eke#event(name) abort
  if exists('#User#' .. a:name)
    execute 'doautocmd <nomodeline> User' a:name
  endif
endfunction

" --- the status ---

" For 'statusline': "eke 37/60"; with nothing left and the time of the next one, "eke 0/60 14:05".
function! eke#statusline() abort
  if has('nvim')
    return luaeval('require("eke").statusline()')
  endif
  let state = eke#server#state()
  if state !=# 'running'
    return state ==# 'off' ? '' : 'eke ' .. state
  endif
  let status = eke#server#status()
  let words = ['eke']
  let window = s:tightest(status.budgets)
  if !empty(window)
    call add(words, window.remaining .. '/' .. window.limit)
    if window.remaining == 0
      call add(words, eke#local_time(window.resetAt))
    endif
  endif
  if index(['offline', 'error'], status.state) >= 0
    call add(words, status.state)
  elseif status.state ==# 'busy'
    call add(words, '…')
  endif
  return join(words)
endfunction

" The window of the first budget that has the smallest part left.
function! s:tightest(budgets) abort
  let found = {}
  for window in empty(a:budgets) ? [] : a:budgets[0].windows
    if empty(found) || window.remaining * found.limit < found.remaining * window.limit
      let found = window
    endif
  endfor
  return found
endfunction

" "2026-11-24T04:00:00Z" as hours and minutes here.
function! eke#local_time(time) abort
  let utc = strptime('%Y-%m-%dT%H:%M:%S', a:time[:18])
  let zone = strftime('%z', utc)
  let minutes = str2nr(zone[1:2]) * 60 + str2nr(zone[3:4])
  return strftime('%H:%M', utc + (zone[0] ==# '-' ? -60 : 60) * minutes)
endfunction

function! eke#local_day(time) abort
  return strftime('%m-%d', strptime('%Y-%m-%dT%H:%M:%S', a:time[:18]))
endfunction

function! eke#status() abort
  if !eke#server#running(function('eke#status'))
    return
  endif
  call eke#server#request('budget/get', {}, function('s:show_budgets'))
endfunction

function! s:show_budgets(result, error) abort
  if !empty(a:error)
    return eke#warn(a:error.message)
  endif
  let status = eke#server#status()
  let lines = [eke#server#version() .. ', ' .. status.state .. (status.message ==# '' ? '' : ': ' .. status.message)]
  for budget in a:result.budgets
    for window in budget.windows
      call add(lines, printf('%s (%s): %d of %d left, %s%s, next at %s', budget.endpoint, budget.plan, window.remaining,
            \ window.limit, window.scope, has_key(window, 'models') ? ' ' .. join(window.models, ' ') : '',
            \ eke#local_time(window.resetAt)))
    endfor
    if empty(budget.windows)
      call add(lines, printf('%s (%s): not counted', budget.endpoint, budget.plan))
    endif
    if has_key(budget, 'reason')
      call add(lines, '  ' .. budget.reason)
    endif
  endfor
  call eke#say(join(lines, "\n"))
endfunction

" Why there is, or is not, a completion at the cursor.
function! eke#explain() abort
  if !eke#server#running(function('eke#explain'))
    return
  endif
  call eke#documents#flush(bufnr())
  call eke#server#request('completion/explain', {'textDocument': {'uri': eke#text#uri(bufnr())},
        \ 'position': eke#text#position(line('.'), col('.'))},
        \ {result, error -> eke#say(empty(error) ? result.decision .. ': ' .. result.reason : error.message)})
endfunction
