" What a question is about: lines, a file, diagnostics.

let s:serial = 0

" Lines of the current buffer, as the server finds them in its copy; as text if it has none. They are marked, so that :EkeApply
" finds them after other edits.
function! eke#context#lines(first, last) abort
  let buf = bufnr()
  call eke#documents#visit(buf)
  call eke#documents#flush(buf)
  let lines = getline(a:first, a:last)
  let id = eke#context#mark(buf, a:first, a:last)
  let sent = eke#documents#is_open(buf)
        \ ? {'kind': 'selection', 'uri': eke#text#uri(buf), 'range': eke#edit#lines(a:first, a:last)}
        \ : {'kind': 'text', 'name': expand('%:t'), 'text': join(lines, "\n")}
  let name = expand('%:~:.') .. ':' .. a:first .. (a:last > a:first ? '-' .. a:last : '')
  return {'sent': [sent], 'buf': buf, 'id': id, 'lines': lines, 'name': name}
endfunction

" The id of a mark over these lines, which moves with them.
function! eke#context#mark(buf, first, last, id = 0) abort
  if empty(prop_type_get('EkeOrigin'))
    call prop_type_add('EkeOrigin', {})
  endif
  let s:serial += a:id == 0
  let id = a:id == 0 ? s:serial : a:id
  call prop_add(a:first, 1, {'bufnr': a:buf, 'end_lnum': a:last, 'end_col': len(getbufline(a:buf, a:last)[0]) + 1,
        \ 'type': 'EkeOrigin', 'id': id})
  return id
endfunction

" Where they are now, [] if they are gone.
function! eke#context#marked(buf, id) abort
  let marks = bufloaded(a:buf)
        \ ? prop_list(1, {'bufnr': a:buf, 'end_lnum': -1, 'types': ['EkeOrigin'], 'ids': [a:id]}) : []
  return empty(marks) ? [] : [marks[0].lnum, marks[-1].lnum]
endfunction

" For a command: the range, else what it needs. {place}: range, first, last.
function! eke#context#for(needs, name, place) abort
  let context = {}
  let [first, last] = a:place.range ? [a:place.first, a:place.last] : [0, 0]
  if a:place.range || a:needs ==# 'selection'
    let [first, last] = a:place.range ? [first, last] : eke#context#block()
    let context = eke#context#lines(first, last)
  elseif a:needs ==# 'file' && eke#documents#is_open(bufnr())
    let context = {'sent': [{'kind': 'file', 'uri': eke#text#uri(bufnr())}], 'name': expand('%:t')}
  endif
  if a:name ==# 'fix' && has_key(context, 'sent')
    let found = eke#context#diagnostics(first == 0 ? 1 : first, last == 0 ? line('$') : last)
    if !empty(found)
      call add(context.sent, {'kind': 'diagnostics', 'uri': eke#text#uri(bufnr()), 'items': found})
    endif
  endif
  return context
endfunction

" The same for one that is given in the chat's buffer: it is about the window with a file that the user was in last.
function! eke#context#of_other_window(needs, name) abort
  let [here, window] = [win_getid(), eke#context#other_window()]
  if window == 0 || a:needs ==# 'none' || a:needs ==# 'diff'
    return {}
  endif
  call win_gotoid(window)
  let context = eke#context#for(a:needs, a:name, {'range': 0})
  call win_gotoid(here)
  return context
endfunction

function! eke#context#other_window() abort
  let candidates = [win_getid(), win_getid(winnr('#'))] + map(range(1, winnr('$')), 'win_getid(v:val)')
  return get(filter(candidates, {_, id -> id != 0 && getbufvar(winbufnr(id), '&buftype') ==# ''}), 0, 0)
endfunction

" The block that the cursor is in, by its indentation: from the line that opens it, with what stands before a brace alone, to the one
" that closes it. Where nothing is indented, the lines without an empty one between them; never an empty line alone.
function! eke#context#block() abort
  let line = getline('.') =~# '\S' ? line('.') : nextnonblank('.') > 0 ? nextnonblank('.') : max([1, prevnonblank('.')])
  let below = nextnonblank(line + 1)
  let first = line
  if getline(line) !~# s:goes_on && indent(below) <= indent(line) && indent(line) > 0
    let first = s:above(line, indent(line))
  endif
  let start = first
  while first > 1 && getline(first) =~# s:goes_on
    let alone = getline(first) !~# s:closes
    let first = s:above(first, indent(first) + 1)
    let first = alone ? s:paragraph(first)[0] : first
  endwhile
  let last = max([s:last(first), s:last(start)])
  if last == first && first == line
    let [first, last] = s:paragraph(line)
    let last = s:last(last)
  endif
  return [first, max([last, line])]
endfunction

" What goes on with the lines above: a brace alone, or what closes theirs.
const s:closes = '^\s*\%([])}]\|end\>\|fi\>\|done\>\|esac\>\)'
const s:goes_on = '^\s*[{([]\s*$\|' .. s:closes

" The last line of what begins there.
function! s:last(first) abort
  let last = s:inside(a:first)
  while last < line('$') && indent(last + 1) == indent(a:first) && getline(last + 1) =~# s:goes_on
    let last = s:inside(last + 1)
  endwhile
  return last
endfunction

" The last of the lines below that are indented by more.
function! s:inside(line) abort
  let last = a:line
  while nextnonblank(last + 1) > 0 && indent(nextnonblank(last + 1)) > indent(a:line)
    let last = nextnonblank(last + 1)
  endwhile
  return last
endfunction

" The nearest line above that is indented by less.
function! s:above(line, indent) abort
  let line = prevnonblank(a:line - 1)
  while line > 1 && indent(line) >= a:indent
    let line = prevnonblank(line - 1)
  endwhile
  return max([1, line])
endfunction

function! s:paragraph(line) abort
  let [first, last] = [a:line, a:line]
  while first > 1 && getline(first - 1) =~# '\S' && indent(first - 1) == indent(a:line) && getline(first - 1) !~# s:closes
    let first -= 1
  endwhile
  while last < line('$') && getline(last + 1) =~# '\S' && indent(last + 1) == indent(a:line)
    let last += 1
  endwhile
  return [first, last]
endfunction

" What is known to be wrong with lines of this buffer.
function! eke#context#diagnostics(first, last) abort
  let found = []
  for one in eke#context#faults(a:first, a:last)
    let start = eke#text#position(one.lnum, max([1, one.col]))
    call add(found, {'range': {'start': start, 'end': start}, 'message': one.message, 'severity': one.severity})
  endfor
  return found
endfunction

" The same by line and byte column: what the location and quickfix lists, ALE, coc.nvim and vim-lsp say.
function! eke#context#faults(first, last) abort
  let ale = get(get(get(g:, 'ale_buffer_info', {}), bufnr(), {}), 'loclist', [])
  let faults = map(filter(getloclist(0) + getqflist() + copy(ale), 'v:val.bufnr == bufnr() && get(v:val, "valid", 1)'),
        \ {_, one -> s:fault(one.lnum, one.col, one.text, get({'e': 1, 'w': 2, 'i': 3, 'n': 4}, tolower(one.type), 1))})
  if get(g:, 'coc_service_initialized', 0)
    let levels = {'Error': 1, 'Warning': 2, 'Information': 3, 'Hint': 4}
    let faults += map(filter(CocAction('diagnosticList'), {_, one -> one.file ==# expand('%:p')}),
          \ {_, one -> s:fault(one.lnum, one.col, one.message, get(levels, one.severity, 1))})
  endif
  let Known = 'lsp#internal#diagnostics#state#_get_all_diagnostics_grouped_by_server_for_uri'
  for server in exists('*' .. Known) ? values(call(Known, [lsp#utils#get_buffer_uri()])) : []
    let faults += map(copy(get(get(server, 'params', {}), 'diagnostics', [])), {_, one -> s:fault(one.range.start.line + 1,
          \ lsp#utils#position#lsp_to_vim('%', one.range.start)[1], one.message, get(one, 'severity', 1))})
  endfor
  call filter(faults, 'v:val.lnum >= a:first && v:val.lnum <= a:last')
  let seen = {}
  return filter(faults, {_, one -> [has_key(seen, one.lnum .. one.message), extend(seen, {one.lnum .. one.message: 1})][0] == 0})
endfunction

function! s:fault(lnum, col, message, severity) abort
  return {'lnum': a:lnum, 'col': a:col, 'message': a:message, 'severity': a:severity}
endfunction
