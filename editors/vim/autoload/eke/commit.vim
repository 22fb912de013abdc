" The message of a commit, written where it belongs: in the buffer that git has opened for it.

function! eke#commit#write(words) abort
  let buf = bufnr()
  call eke#say('asking for a message …  :EkeCancel takes that back')
  call eke#server#request_for(buf, 'chat/send', {'prompt': a:words, 'command': 'commit'}, function('s:on_message', [buf]))
endfunction

function! s:on_message(buf, result, error) abort
  if !empty(a:error)
    return eke#warn(a:error.message)
  elseif !bufloaded(a:buf)
    return eke#say('the buffer of the message is gone; :EkeHistory has it')
  endif
  let lines = split(trim(a:result.text), '\r\?\n', 1)
  " Models like to fence what they quote.
  if lines[0] =~# '^```' && lines[-1] =~# '^```$'
    let lines = lines[1 : -2]
  endif
  " Above what is written there already, which git's comments follow.
  let written = getbufline(a:buf, 1)[0] !=# ''
  call appendbufline(a:buf, 0, written ? lines + [''] : lines)
  call eke#say('u takes it back')
endfunction
