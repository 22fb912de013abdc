" eke for Vim 9.0 and later: commands, <Plug> maps, events. Neovim has its own in eke.lua; :help eke has the manual.
if has('nvim') || exists('g:loaded_eke') || &compatible || &cpoptions =~# 'C'
  finish
endif
let g:loaded_eke = 1

if !has('patch-9.0.0185') || !has('channel') || !has('job') || !has('textprop') || !has('timers')
  echohl WarningMsg
  echomsg 'eke needs Vim 9.0.0185 or later with +job, +channel, +textprop and +timers'
  echohl None
  finish
endif

command! -nargs=* -range=0 -bang EkeChat call eke#chat#open(<bang>0, <range>, <line1>, <line2>, <q-args>)
command! -nargs=* -range=0 EkeAsk call eke#chat#ask('ask', <range>, <line1>, <line2>, <q-args>)
command! -nargs=+ -range=0 -complete=custom,eke#chat#complete Eke
      \ call eke#chat#command(<range>, <line1>, <line2>, <q-args>)
command! -nargs=+ -range=0 -bang EkeEdit call eke#edit#propose(<bang>0, <range>, <line1>, <line2>, <q-args>)
command! -nargs=0 -bang EkeApply call eke#apply#apply(<bang>0)
command! -nargs=? EkeHistory call eke#history#pick(<q-args>)
command! -nargs=+ EkeRename call eke#history#rename(<q-args>)
command! -nargs=0 EkeDelete call eke#history#delete()
command! -nargs=? -complete=file EkeExport call eke#history#export(<q-args>)
command! -nargs=? -complete=custom,eke#chat#complete_model EkeModel call eke#chat#model(<q-args>)
command! -nargs=0 EkeRegenerate call eke#chat#regenerate()
command! -nargs=0 EkeCancel call eke#chat#cancel()
command! -nargs=0 EkeStatus call eke#status()
command! -nargs=0 EkeDoctor call eke#doctor#run()
command! -nargs=0 EkeRestart call eke#server#restart()
command! -nargs=0 EkeStop call eke#server#stop()
command! -nargs=0 EkeExplain call eke#explain()
command! -nargs=? -complete=custom,eke#toggles EkeToggle call eke#toggle(<q-args>)

inoremap <silent> <Plug>(eke-accept) <C-G>u<Cmd>call eke#ghost#accept('all')<CR>
inoremap <silent> <Plug>(eke-accept-word) <C-G>u<Cmd>call eke#ghost#accept('word')<CR>
inoremap <silent> <Plug>(eke-accept-line) <C-G>u<Cmd>call eke#ghost#accept('line')<CR>
inoremap <silent> <Plug>(eke-next) <Cmd>call eke#ghost#cycle(1)<CR>
inoremap <silent> <Plug>(eke-previous) <Cmd>call eke#ghost#cycle(-1)<CR>
inoremap <silent> <Plug>(eke-dismiss) <Cmd>call eke#ghost#dismiss()<CR>
inoremap <silent> <Plug>(eke-suggest) <Cmd>call eke#ghost#suggest(1)<CR>

augroup eke
  autocmd!
  autocmd VimEnter * call eke#check_options() | call eke#tab#map() | call eke#tab#keys()
  autocmd InsertEnter * call eke#documents#begin(str2nr(expand('<abuf>')))
  autocmd BufNewFile,FileType,BufEnter * call eke#documents#visit(str2nr(expand('<abuf>')))
  autocmd BufReadPost * call eke#documents#reopen(str2nr(expand('<abuf>')))
  autocmd BufFilePost,BufWritePost * call eke#documents#visit(str2nr(expand('<abuf>')))
  autocmd BufWritePost * call eke#documents#saved(str2nr(expand('<abuf>')))
  autocmd BufUnload * call eke#documents#close(str2nr(expand('<abuf>')))
  autocmd InsertEnter,TextChangedI,TextChangedP,CursorMovedI * call eke#ghost#moved()
  autocmd BufReadCmd eke://chat* ++nested call eke#chat#read(expand('<amatch>'))
  autocmd SessionLoadPost * call eke#chat#restore()
  autocmd VimResized * if exists('*eke#chat#resized') | call eke#chat#resized() | endif
  autocmd BufWinEnter eke://chat* call eke#page#window()
  autocmd TextChanged,InsertLeave eke://chat* call eke#page#changed(1)
  autocmd TextChangedI,CompleteDone eke://chat* call eke#page#changed(0)
  autocmd InsertEnter eke://chat* call eke#page#enter()
  autocmd InsertLeave,BufLeave,WinLeave * call eke#ghost#leave()
  " CTRL-C leaves without InsertLeave; after CTRL-O nothing else says that typing goes on.
  autocmd ModeChanged [iR]*:n,[iR]*:[vVsS]* call eke#ghost#check()
  autocmd ModeChanged ni[IRV]:[iR]* call eke#ghost#check()
  autocmd ColorScheme * call eke#highlight()
  autocmd VimLeavePre * call eke#server#leave()
augroup END

call eke#highlight()
if v:vim_did_enter
  call eke#check_options()
  call eke#tab#map()
  call eke#tab#keys()
endif
