" eke's chat: Markdown as far as answers have it, and code in its own colours (autoload/eke/page.vim adds these).
if exists('b:current_syntax')
  finish
endif

syntax match ekeHeading "^#\+ .*$"
syntax match ekeHeading "^## \(You\|eke\)\( · .*\)\?$" contains=ekeModel
syntax match ekeModel " · .*$" contained
syntax match ekeNote "^>.*$"
syntax match ekeItem "^\s*\([-*+]\|\d\+[.)]\)\ze\s"
syntax region ekeBold start="\*\*\S\@=" end="\S\@<=\*\*" oneline
syntax region ekeInline start="\(`\+\)\S\@=" end="`\+" oneline
syntax region ekeCode matchgroup=ekeFence start="^\s*\(`\{3,}\|\~\{3,}\).*$" end="^\s*\(`\{3,}\|\~\{3,}\)\s*$" keepend
syntax match ekeReference /\(^\|\s\)\zs@\("[^"]*"\|[^ \t"@]\+\)/
syntax sync minlines=200

highlight default link ekeHeading Title
highlight default link ekeModel Comment
highlight default link ekeNote Comment
highlight default link ekeItem Statement
highlight default link ekeInline Special
highlight default link ekeFence Comment
highlight default link ekeReference Identifier
highlight default ekeBold term=bold cterm=bold gui=bold

let b:current_syntax = 'ekechat'
if !has('nvim')
  call eke#page#colors()
endif
