" Which buffers the server knows, and telling it every change. Vim reports changes by lines, and so are they sent.

let s:open = {} " by buffer: uri, language, version, lines, listener

const s:END = 0x7fffffff " a character past the end of a line counts as its end

" Filetypes that the protocol calls otherwise.
const s:languages = {'cs': 'csharp', 'sh': 'shellscript', 'bash': 'shellscript', 'make': 'makefile', 'objc': 'objective-c',
      \ 'objcpp': 'objective-cpp', 'tex': 'latex', 'plaintex': 'latex', 'text': 'plaintext', '': 'plaintext'}

" The first time that something is typed into a buffer for eke starts the server; to look at files takes none.
function! eke#documents#begin(buf) abort
  if eke#wanted(a:buf)
    call eke#server#start()
    call eke#documents#visit(a:buf)
  endif
endfunction

" Opens the buffer if it is one for eke, anew if it has another name or language than before.
function! eke#documents#visit(buf) abort
  if !eke#wanted(a:buf)
    return eke#documents#close(a:buf)
  elseif !eke#server#ready()
    return
  endif
  let language = s:language(a:buf)
  if has_key(s:open, a:buf)
    if s:open[a:buf].language ==# language && s:open[a:buf].uri ==# eke#text#uri(a:buf)
      return
    endif
    call eke#documents#close(a:buf)
  endif
  let text = s:text(a:buf)
  if len(text) > eke#option('max_bytes')
    call setbufvar(a:buf, 'eke_too_large', 1)
    return eke#log(bufname(a:buf) .. ' is larger than g:eke_max_bytes: left alone')
  endif
  call listener_flush(a:buf)
  let s:open[a:buf] = {'uri': eke#text#uri(a:buf), 'language': language, 'version': 1,
        \ 'lines': getbufinfo(a:buf)[0].linecount, 'listener': listener_add(function('s:on_change'), a:buf)}
  call eke#server#notify('textDocument/didOpen', {'textDocument': {'uri': s:open[a:buf].uri, 'languageId': language,
        \ 'version': 1, 'text': text}})
endfunction

function! eke#documents#is_open(buf) abort
  return has_key(s:open, a:buf)
endfunction

" The version that the server knows, with all changes so far; 0 for a buffer that it does not know.
function! eke#documents#version(buf) abort
  call listener_flush(a:buf)
  return has_key(s:open, a:buf) ? s:open[a:buf].version : 0
endfunction

function! eke#documents#close(buf) abort
  if has_key(s:open, a:buf)
    let document = remove(s:open, a:buf)
    call listener_remove(document.listener)
    call eke#server#notify('textDocument/didClose', {'textDocument': {'uri': document.uri}})
  endif
endfunction

" After it was read again the document has another text.
function! eke#documents#reopen(buf) abort
  call setbufvar(a:buf, 'eke_too_large', 0)
  call eke#documents#close(a:buf)
  call eke#documents#visit(a:buf)
endfunction

function! eke#documents#saved(buf) abort
  if has_key(s:open, a:buf)
    call eke#server#notify('textDocument/didSave', {'textDocument': {'uri': s:open[a:buf].uri}})
  endif
endfunction

" The server is gone, and what it knew.
function! eke#documents#forget() abort
  for document in values(s:open)
    call listener_remove(document.listener)
  endfor
  let s:open = {}
endfunction

" Sends what has changed so far. Before every request about a buffer.
function! eke#documents#flush(buf) abort
  call listener_flush(a:buf)
endfunction

function! s:language(buf) abort
  let filetype = getbufvar(a:buf, '&filetype')
  return get(s:languages, filetype, filetype)
endfunction

function! s:text(buf) abort
  let eol = eke#text#eol(a:buf)
  let text = join(eke#text#lines(a:buf, 1, '$'), eol)
  return eke#text#has_last_eol(a:buf) ? text .. eol : text
endfunction

function! s:on_change(buf, start, end, added, changes) abort
  if !has_key(s:open, a:buf)
    return
  endif
  let document = s:open[a:buf]
  let sent = map(copy(a:changes), {_, change -> s:change(document, a:buf, change)})
  if document.lines != getbufinfo(a:buf)[0].linecount
    let sent = [{'text': s:text(a:buf)}]
    let document.lines = getbufinfo(a:buf)[0].linecount
  endif
  let document.version += 1
  call eke#server#notify('textDocument/didChange', {
        \ 'textDocument': {'uri': document.uri, 'version': document.version}, 'contentChanges': sent})
endfunction

" The lines from change.lnum up to, not including, change.end have become change.added lines more.
function! s:change(document, buf, change) abort
  let eol = eke#text#eol(a:buf)
  let first = a:change.lnum - 1
  let past = min([a:change.end - 1, a:document.lines])
  let number = past - first + a:change.added
  let lines = number > 0 ? eke#text#lines(a:buf, first + 1, first + number) : []
  let open_end = past == a:document.lines && !eke#text#has_last_eol(a:buf)
  let a:document.lines += a:change.added
  if !open_end
    return s:replace([first, 0], [past, 0], join(map(lines, 'v:val .. eol'), ''))
  elseif first == 0
    return s:replace([0, 0], [past, 0], join(lines, eol))
  endif
  " The last line has no end of its own: what goes or comes is the one of the line before.
  return s:replace([first - 1, s:END], [past, 0], join(map(lines, 'eol .. v:val'), ''))
endfunction

function! s:replace(start, end, text) abort
  return {'range': {'start': {'line': a:start[0], 'character': a:start[1]},
        \ 'end': {'line': a:end[0], 'character': a:end[1]}}, 'text': a:text}
endfunction
