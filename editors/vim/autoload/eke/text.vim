" Where Vim and the protocol count differently: bytes and units, lines, paths and URIs.

" The position of a byte column (1-based, as col()) in a line of the current buffer.
function! eke#text#position(lnum, col) abort
  return {'line': a:lnum - 1, 'character': eke#text#units(getline(a:lnum), a:col - 1)}
endfunction

" How many units of the position encoding the first {bytes} of the text have.
function! eke#text#units(text, bytes) abort
  return eke#server#encoding() ==# 'utf-8' ? min([a:bytes, len(a:text)]) : eke#text#utf16(strpart(a:text, 0, a:bytes))
endfunction

" The other way.
function! eke#text#bytes(text, units) abort
  if eke#server#encoding() ==# 'utf-8'
    return min([a:units, len(a:text)])
  endif
  let left = a:units
  let chars = []
  for char in str2list(a:text)
    let left -= char > 0xffff ? 2 : 1
    if left < 0
      break
    endif
    call add(chars, char)
  endfor
  return len(list2str(chars))
endfunction

" The length in UTF-16 units.
function! eke#text#utf16(text) abort
  let chars = str2list(a:text)
  return len(chars) + len(filter(copy(chars), 'v:val > 0xffff'))
endfunction

" Lines as they are sent: a NUL is a line break to Vim's strings.
function! eke#text#lines(buf, first, last) abort
  let lines = getbufline(a:buf, a:first, a:last)
  return match(lines, "\n") < 0 ? lines : map(lines, 'tr(v:val, "\n", " ")')
endfunction

function! eke#text#eol(buf) abort
  return get({'dos': "\r\n", 'mac': "\r"}, getbufvar(a:buf, '&fileformat'), "\n")
endfunction

function! eke#text#has_last_eol(buf) abort
  return getbufvar(a:buf, '&endofline') || (getbufvar(a:buf, '&fixendofline') && !getbufvar(a:buf, '&binary'))
endfunction

function! eke#text#uri(buf) abort
  let name = bufname(a:buf)
  if name ==# ''
    return 'untitled:Untitled-' .. a:buf
  endif
  return name =~# '^\a[a-zA-Z0-9+.-]\+://' ? name : eke#text#file_uri(fnamemodify(name, ':p'))
endfunction

function! eke#text#file_uri(path) abort
  let path = has('win32') ? '/' .. tr(a:path, '\', '/') : a:path
  return 'file://' .. substitute(path, '[^a-zA-Z0-9_./~-]', '\=s:percent(submatch(0))', 'g')
endfunction

function! s:percent(char) abort
  return join(map(range(len(a:char)), 'printf("%%%02X", char2nr(a:char[v:val], 0))'), '')
endfunction

" What the current buffer is indented with, LSP's FormattingOptions.
function! eke#text#formatting() abort
  return {'tabSize': &expandtab ? shiftwidth() : &tabstop, 'insertSpaces': &expandtab ? v:true : v:false}
endfunction

" The buffer of a URI; {create} adds one if there is none. -1 otherwise.
function! eke#text#buffer(uri, create) abort
  for info in getbufinfo()
    if eke#text#uri(info.bufnr) ==# a:uri
      return info.bufnr
    endif
  endfor
  if !a:create || a:uri !~# '^file://'
    return -1
  endif
  let path = eval('"' .. substitute(escape(a:uri[7:], '"\'), '%\(\x\x\)', '\\x\1', 'g') .. '"')
  return bufadd(has('win32') ? substitute(path, '^/', '', '') : path)
endfunction
