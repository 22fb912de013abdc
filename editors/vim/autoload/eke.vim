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
      \ 'notify': 'topright',
      \ 'keys': 1,
      \ 'preview': 1,
      \ }

" The option g:eke_{name}; its default where it is not set, or set to something that it cannot be.
function! eke#option(name) abort
  let default = s:defaults[a:name]
  let value = get(g:, 'eke_' .. a:name, default)
  if s:fits(a:name, value, default)
    return value
  elseif v:vim_did_enter && get(s:said, a:name, v:null) isnot value
    let s:said[a:name] = value
    call eke#warn(s:must_be(a:name))
  endif
  return default
endfunction

let s:said = {} " wrong values that the user was told of

function! s:fits(name, value, default) abort
  if a:name ==# 'notify'
    return type(a:value) == v:t_string && (index(['topright', 'botright', 'message'], a:value) >= 0 || exists('*' .. a:value))
  endif
  return type(a:value) == type(a:default) || (type(a:default) == v:t_number && type(a:value) == v:t_bool)
endfunction

function! s:must_be(name) abort
  let default = s:defaults[a:name]
  let type = a:name ==# 'notify' ? "'topright', 'botright', 'message' or the name of a function"
        \ : {v:t_number: 'a number', v:t_string: 'a string', v:t_list: 'a list', v:t_dict: 'a dictionary'}[type(default)]
  return printf('g:eke_%s must be %s; the default counts: %s', a:name, type, string(default))
endfunction

" Says what is wrong with them, all at once.
function! eke#check_options() abort
  let wrong = []
  for [name, default] in sort(items(s:defaults))
    let value = get(g:, 'eke_' .. name, default)
    if !s:fits(name, value, default)
      let s:said[name] = value
      call add(wrong, s:must_be(name))
    endif
  endfor
  if !empty(wrong)
    call eke#warn(join(wrong, "\n"))
  endif
endfunction

function! eke#toggles(lead, line, position) abort
  return "session\nbuffer\nfiletype"
endfunction

" Is eke wanted in the buffer? b:eke_enabled goes before g:eke_filetypes, that before g:eke_enabled.
function! eke#wanted(buf) abort
  if getbufvar(a:buf, '&buftype') !=# '' || !bufloaded(a:buf) || getbufvar(a:buf, 'eke_too_large', 0)
    return 0
  endif
  let types = extend({'gitcommit': 0}, eke#option('filetypes'))
  let default = get(types, '*', 1)
  return getbufvar(a:buf, 'eke_enabled', eke#option('enabled') && get(types, getbufvar(a:buf, '&filetype'), default))
endfunction

" :EkeToggle [session|buffer|filetype]
function! eke#toggle(what) abort
  let on = !eke#wanted(bufnr())
  if a:what ==# 'buffer'
    let b:eke_enabled = on
  elseif a:what ==# 'filetype'
    unlet! b:eke_enabled
    let g:eke_filetypes = extend(copy(eke#option('filetypes')), {&filetype: on})
  else
    let on = !eke#option('enabled')
    let g:eke_enabled = on
  endif
  call eke#ghost#leave()
  for info in getbufinfo({'bufloaded': 1})
    if a:what ==# '' || a:what ==# 'session'
      call eke#documents#close(info.bufnr)
    endif
    call eke#documents#visit(info.bufnr)
  endfor
  call eke#say((on ? 'on' : 'off') .. (a:what ==# 'buffer' ? ' in this buffer' : a:what ==# 'filetype' ? ' for ' .. &filetype : ''))
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

" --- messages: short ones on the message line, others in a box, one at a time, that asks for no key and goes with <Esc> ---

let s:log = []
let s:box = 0

function! eke#say(text) abort
  " In Insert mode "-- INSERT --" would soon stand there.
  if strdisplaywidth(a:text) + 5 > v:echospace || a:text =~# "\n" || mode() =~# '^[iR]'
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
  let place = eke#option('notify')
  if exists('*' .. place)
    return call(place, ['eke: ' .. a:text, a:highlight ==# 'WarningMsg' ? 'warning' : 'info'])
  elseif place ==# 'message'
    for line in split(a:text, "\n")
      echomsg 'eke: ' .. line
    endfor
    return
  endif
  call popup_close(s:box)
  let width = min([60, max([20, &columns - 8])])
  let top = place =~# '^top'
  let s:box = popup_create(eke#wrap('eke: ' .. a:text, width), #{
        \ line: top ? 2 : &lines - &cmdheight - 1, col: &columns, pos: top ? 'topright' : 'botright', minwidth: min([width, 20]),
        \ time: 10000, highlight: a:highlight, border: [], padding: [0, 1, 0, 1], close: 'click', wrap: 0, zindex: 200,
        \ filter: function('s:on_key'), filtermode: 'n'})
endfunction

" <Esc> closes the box; all other keys are for the text.
function! s:on_key(id, key) abort
  if a:key ==# "\<Esc>"
    call popup_close(a:id)
    return 1
  endif
  return 0
endfunction

" Lines of that width, broken between words.
function! eke#wrap(text, width) abort
  let lines = []
  for line in split(a:text, "\n", 1)
    let [start, at] = [matchstr(line, '^\s*'), '']
    for word in split(line)
      while strdisplaywidth(word) > a:width
        let part = strcharpart(word, 0, a:width)
        let lines += at ==# '' ? [part] : [at, part]
        let [word, at] = [strcharpart(word, a:width), '']
      endwhile
      if at !=# '' && strdisplaywidth(at .. ' ' .. word) > a:width
        call add(lines, at)
        let at = start .. word
      else
        let at = at ==# '' ? (empty(lines) || start !=# '' ? start : '') .. word : at .. ' ' .. word
      endif
    endfor
    call add(lines, at)
  endfor
  return lines
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

" Is there the program that fzf's plugin runs? Without it that offers to download one.
function! eke#has_fzf() abort
  return executable('fzf') || globpath(&runtimepath, 'bin/fzf') !=# ''
endfunction

function! eke#fzf(title, choices, Then) abort
  return fzf#run(fzf#wrap({'source': a:choices, 'sink': {choice -> a:Then(choice)}, 'options': ['--prompt', trim(a:title) .. '> ']}))
endfunction

" One of the choices is picked: Then(choice).
function! eke#pick(title, choices, Then) abort
  if exists('*fzf#run') && eke#has_fzf()
    return eke#fzf(a:title, a:choices, a:Then)
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

" For 'statusline': "eke 37/60"; with nothing left, or while the provider blocks, the time of the next one; "no key", "offline",
" "error"; "…" while something is asked.
function! eke#statusline() abort
  if has('nvim')
    return luaeval('require("eke").statusline()')
  endif
  let state = eke#server#state()
  if state !=# 'running'
    return state ==# 'off' ? '' : 'eke ' .. state
  endif
  let status = eke#server#status()
  if index(['auth', 'noEndpoint'], get(status, 'kind', '')) >= 0
    return 'eke no key'
  endif
  let words = ['eke']
  let window = s:tightest(status.budgets)
  let blocked = empty(status.budgets) || status.budgets[0].state !=# 'blocked' ? '' : get(status.budgets[0], 'blockedUntil', '')
  if blocked !=# ''
    call add(words, 'blocked until ' .. eke#local_time(blocked))
  elseif !empty(window)
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

" "2026-11-24T04:00:00Z" as hours and minutes here; seconds are not shown, and the minute after is never too early.
function! eke#local_time(time) abort
  let utc = strptime('%Y-%m-%dT%H:%M:%S', a:time[:18])
  let zone = strftime('%z', utc)
  let minutes = str2nr(zone[1:2]) * 60 + str2nr(zone[3:4])
  return strftime('%H:%M', utc + 59 + (zone[0] ==# '-' ? -60 : 60) * minutes)
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
  let lines = ['version ' .. eke#server#version() .. ', ' .. status.state .. (status.message ==# '' ? '' : ': ' .. status.message)]
  for budget in a:result.budgets
    for window in budget.windows
      call add(lines, printf('%s: %d of %d requests left for this %s%s (plan %s); one comes back at %s', budget.endpoint,
            \ window.remaining, window.limit, window.scope, has_key(window, 'models') ? ' and ' .. join(window.models, ' ') : '',
            \ budget.plan, eke#local_time(window.resetAt)))
    endfor
    if empty(budget.windows)
      call add(lines, printf('%s: not counted (plan %s)', budget.endpoint, budget.plan))
    endif
    if has_key(budget, 'reason')
      call add(lines, '  ' .. budget.reason)
    endif
  endfor
  call eke#say(join(lines, "\n"))
endfunction

" Why there is, or is not, a completion at the cursor.
function! eke#explain() abort
  let why = eke#why_not(bufnr())
  if why !=# ''
    return eke#say('no completions here: ' .. why)
  elseif !eke#server#running(function('eke#explain'))
    return
  endif
  call eke#documents#begin(bufnr())
  call eke#documents#flush(bufnr())
  call eke#server#request('completion/explain', {'textDocument': {'uri': eke#text#uri(bufnr())},
        \ 'position': eke#text#position(line('.'), col('.'))}, {result, error -> eke#say(empty(error)
        \   ? eke#in_words(result, eke#server#status()) : 'the program does not have this buffer: ' .. error.message)})
endfunction

" Why eke is off in the buffer, as far as that is decided here; '' if it is on.
function! eke#why_not(buf) abort
  let type = getbufvar(a:buf, '&filetype')
  if getbufvar(a:buf, '&buftype') !=# ''
    return "this is no file ('buftype' is " .. getbufvar(a:buf, '&buftype') .. ')'
  elseif getbufvar(a:buf, 'eke_too_large', 0)
    return printf('the file is larger than g:eke_max_bytes (%d bytes)', eke#option('max_bytes'))
  elseif getbufvar(a:buf, 'eke_enabled', 1) == 0
    return 'b:eke_enabled is 0 in this buffer; :EkeToggle buffer switches it on'
  elseif !eke#wanted(a:buf)
    return eke#option('enabled') ? 'g:eke_filetypes is against the filetype "' .. type .. '"; :EkeToggle filetype switches it on'
          \ : 'eke is switched off; :EkeToggle switches it on'
  elseif &paste
    return "'paste' is set"
  elseif !eke#option('auto')
    return 'g:eke_auto is 0: they come on <Plug>(eke-suggest) alone'
  endif
  return ''
endfunction

" completion/explain as sentences.
function! eke#in_words(result, status) abort
  if index(['auth', 'noEndpoint'], get(a:status, 'kind', '')) >= 0 && index(['cache', 'offline'], a:result.decision) < 0
    return 'There is no key yet, or it is refused: ' .. a:status.message .. "\n:EkeDoctor says what to do."
  endif
  let words = get({'cache': 'There is one: ', 'offline': 'There is one, without a request: ', 'ask': 'One is asked for: '},
        \ a:result.decision, 'None is asked for: ') .. a:result.reason
  let troubled = index(['offline', 'error', 'warning'], a:status.state) >= 0 && a:status.message !=# ''
  return troubled ? words .. "\n" .. a:status.message : words
endfunction
