" :EkeDoctor: what is there, what is missing, what to do; at the end `eke doctor` has its say about key and endpoint.

function! eke#doctor#run() abort
  let lines = s:vim() + s:server() + s:buffer() + s:log()
  botright new
  setlocal buftype=nofile bufhidden=wipe noswapfile nobuflisted wrap linebreak
  silent file eke://doctor
  call setline(1, lines)
  setlocal nonumber norelativenumber
  execute 'resize' min([len(lines) + 12, &lines * 2 / 3])
  let buf = bufnr()
  let program = eke#option('command')[0]
  if executable(program)
    call appendbufline(buf, '$', ['', program .. ' doctor'])
    call job_start([program, 'doctor'], {'in_io': 'null', 'env': eke#option('env'), 'callback': {_, line -> s:add(buf, line)}})
  endif
endfunction

function! s:add(buf, line) abort
  if bufexists(a:buf)
    call appendbufline(a:buf, '$', '  ' .. a:line)
  endif
endfunction

function! s:ok(condition, good, bad) abort
  return a:condition ? '  ok    ' .. a:good : '  WRONG ' .. a:bad
endfunction

function! s:vim() abort
  return ['Vim ' .. v:version / 100 .. '.' .. v:version % 100,
        \ s:ok(has('patch-9.0.0185'), 'virtual text', 'no virtual text: Vim 9.0.0185 or later is needed'),
        \ s:ok(has('channel') && has('job') && has('timers'), 'channels, jobs and timers', 'built without +channel, +job or +timers'),
        \ s:ok(&encoding ==# 'utf-8', 'encoding utf-8', "'encoding' is " .. &encoding .. ': put  set encoding=utf-8  into your vimrc'),
        \ '        Tab in Insert mode: ' .. (eke#tab#is_mapped() ? 'takes completions'
        \   : 'not mapped by eke; map another key to <Plug>(eke-accept)'),
        \ '']
endfunction

function! s:server() abort
  let command = eke#option('command')
  let lines = ['Server: ' .. string(command), s:ok(executable(command[0]), exepath(command[0]),
        \ command[0] .. ' is not on the PATH: install eke, or set g:eke_command')]
  if executable(command[0])
    call add(lines, '        ' .. trim(system(shellescape(command[0]) .. ' --version')))
  endif
  call add(lines, s:ok(eke#server#ready(), 'running, version ' .. eke#server#version() .. ', positions in ' .. eke#server#encoding(),
        \ 'it is ' .. eke#server#state() .. ': :EkeRestart'))
  let status = eke#server#status()
  if status.message !=# ''
    call add(lines, '        ' .. status.message)
  endif
  return lines + ['']
endfunction

function! s:buffer() abort
  let name = expand('%:t') ==# '' ? '[No Name]' : expand('%:t')
  let why = eke#why_not(bufnr())
  return ['This buffer: ' .. name, &buftype !=# '' ? '        ' .. why : s:ok(eke#documents#is_open(bufnr()), 'the server has it',
        \ 'the server does not have it: ' .. (why ==# '' ? 'nothing was typed into it yet' : why)), '']
endfunction

function! s:log() abort
  let words = eke#server#words()[-10:]
  return (empty(eke#logged()) ? [] : ['Messages'] + map(eke#logged()[-10:], '"        " .. v:val') + [''])
        \ + (empty(words) ? [] : ['Its last words'] + map(copy(words), '"        " .. v:val') + [''])
endfunction
