" What the server may ask of the editor: edits, questions, documents to show. And :EkeEdit, which asks it for an edit.

" --- edits ---

" Applies a WorkspaceEdit; says what workspace/applyEdit wants to know.
function! eke#edit#apply(edit) abort
  let edits = []
  for [uri, list] in items(get(a:edit, 'changes', {}))
    call add(edits, [uri, list, v:null])
  endfor
  for change in get(a:edit, 'documentChanges', [])
    if has_key(change, 'kind')
      return {'applied': v:false, 'failureReason': 'files are not made, renamed or deleted by this editor'}
    endif
    call add(edits, [change.textDocument.uri, change.edits, get(change.textDocument, 'version', v:null)])
  endfor
  for [uri, list, made_for] in edits
    let buf = eke#text#buffer(uri, 1)
    if buf < 0
      return {'applied': v:false, 'failureReason': 'there is no buffer for ' .. uri}
    elseif made_for isnot v:null && eke#documents#version(buf) != made_for
      return {'applied': v:false, 'failureReason': bufname(buf) .. ' has changed since'}
    endif
    call bufload(buf)
    if !getbufvar(buf, '&modifiable')
      return {'applied': v:false, 'failureReason': bufname(buf) .. ' cannot be modified'}
    endif
    call s:apply_to(buf, list)
  endfor
  return {'applied': v:true}
endfunction

" From the last to the first, so that none moves another.
function! s:apply_to(buf, edits) abort
  let edits = map(copy(a:edits), {i, edit -> extend({'order': i}, edit)})
  for edit in reverse(sort(edits, function('s:by_start')))
    call eke#edit#replace(a:buf, edit.range, edit.newText)
  endfor
endfunction

function! s:by_start(a, b) abort
  let [a, b] = [a:a.range.start, a:b.range.start]
  return a.line != b.line ? a.line - b.line : a.character != b.character ? a.character - b.character : a:a.order - a:b.order
endfunction

function! eke#edit#replace(buf, range, text) abort
  let total = getbufinfo(a:buf)[0].linecount
  let [first, last] = [a:range.start.line, a:range.end.line]
  let text = substitute(a:text, '\r\n\?', '\n', 'g')
  if first >= total " past the last line: the end of the text
    return appendbufline(a:buf, total, split(substitute(text, '\n$', '', ''), "\n", 1))
  endif
  let head = getbufline(a:buf, first + 1)[0]
  let before = strpart(head, 0, eke#text#bytes(head, a:range.start.character))
  let past_end = last >= total
  let foot = past_end ? '' : getbufline(a:buf, last + 1)[0]
  let after = past_end ? '' : strpart(foot, eke#text#bytes(foot, a:range.end.character))
  let lines = split(before .. (past_end ? substitute(text, '\n$', '', '') : text) .. after, "\n", 1)
  let old = min([last, total - 1]) - first + 1
  let common = min([old, len(lines)])
  if old > common
    call deletebufline(a:buf, first + common + 1, first + old)
  endif
  call setbufline(a:buf, first + 1, lines[: common - 1])
  if len(lines) > common
    call appendbufline(a:buf, first + common, lines[common :])
  endif
endfunction

" --- documents ---

function! eke#edit#show(params) abort
  if get(a:params, 'external', v:false)
    return 0
  endif
  let buf = eke#text#buffer(a:params.uri, 1)
  if buf < 0
    return 0
  endif
  execute (get(a:params, 'takeFocus', v:false) ? '' : 'noautocmd ') .. 'sbuffer' buf
  if has_key(a:params, 'selection')
    let start = a:params.selection.start
    call cursor(start.line + 1, eke#text#bytes(getline(start.line + 1), start.character) + 1)
  endif
  if !get(a:params, 'takeFocus', v:false)
    wincmd p
  endif
  return 1
endfunction

" --- questions: not before the user has left Insert mode, whose keys are no answers ---

let s:questions = []

function! eke#edit#question(params, Reply) abort
  call add(s:questions, [a:params, a:Reply])
  if mode() !=# 'n'
    call eke#warn(a:params.message .. "\n(you will be asked in Normal mode)")
  endif
  call timer_start(0, {-> s:ask()})
endfunction

function! s:ask() abort
  if mode() !=# 'n' || state('m') !=# ''
    if !exists('#eke_question')
      augroup eke_question
        autocmd!
        autocmd SafeState * if mode() ==# 'n' | call s:ask() | endif
      augroup END
    endif
    return
  endif
  augroup eke_question
    autocmd!
  augroup END
  augroup! eke_question
  while !empty(s:questions)
    let [params, Reply] = remove(s:questions, 0)
    let actions = get(params, 'actions', [])
    let labels = map(copy(actions), '"&" .. (v:key + 1) .. " " .. v:val.title')
    let choice = confirm('eke: ' .. params.message, join(labels, "\n"), len(actions), 'Question')
    call Reply(choice > 0 ? actions[choice - 1] : v:null)
  endwhile
endfunction

" --- :EkeEdit ---

function! eke#edit#propose(blind, range, first, last, instruction) abort
  if !eke#server#running({-> eke#edit#propose(a:blind, a:range, a:first, a:last, a:instruction)})
    return
  endif
  let [first, last] = a:range ? [a:first, a:last] : eke#context#block()
  call eke#documents#visit(bufnr())
  call eke#documents#flush(bufnr())
  let place = {'buf': bufnr(), 'lines': getline(first, last), 'id': eke#context#mark(bufnr(), first, last), 'blind': a:blind}
  call eke#say('asking …  :EkeCancel takes that back')
  call eke#server#request_for(bufnr(), 'edit/propose', {'textDocument': {'uri': eke#text#uri(bufnr())},
        \ 'range': eke#edit#lines(first, last), 'instruction': a:instruction}, function('s:on_proposal', [place]))
endfunction

function! eke#edit#lines(first, last) abort
  return {'start': {'line': a:first - 1, 'character': 0}, 'end': {'line': a:last, 'character': 0}}
endfunction

" The lines may have moved since; if they were changed, it is not for them any more.
function! s:on_proposal(place, result, error) abort
  " The document changed elsewhere: the replacement is good all the same.
  let moved = get(a:error, 'code', 0) == -32801 && type(get(a:error, 'data')) == v:t_dict && has_key(a:error.data, 'text')
  let shows = (empty(a:error) || moved) && !a:place.blind && eke#option('preview')
  if shows && mode() !=# 'n'
    call eke#say('the edit has come; it is shown when you leave Insert mode')
    return eke#preview#in_normal_mode({-> s:on_proposal(a:place, a:result, a:error)})
  endif
  let place = eke#context#marked(a:place.buf, a:place.id)
  if !empty(a:error) && !moved
    return eke#warn(a:error.code != -32601 ? a:error.message
          \ : 'this eke (' .. eke#server#version() .. ') proposes no edits yet: update it; :EkeAsk and :EkeApply do without')
  elseif empty(place) || getbufline(a:place.buf, place[0], place[1]) !=# a:place.lines
    return eke#warn('these lines have changed since: the edit was left out')
  endif
  let text = moved ? a:error.data.text : a:result.text
  let lines = split(substitute(text, '\r', '', 'g'), "\n", 1)
  let lines = lines[-1] ==# '' ? lines[: -2] : lines
  if shows
    return eke#preview#open(a:place.buf, place[0], place[1], lines, {-> eke#say('done; u takes it back')})
  endif
  call eke#edit#replace(a:place.buf, eke#edit#lines(place[0], place[1]), text)
  call eke#say('done; u takes it back')
endfunction
