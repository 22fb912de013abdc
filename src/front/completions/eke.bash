# bash completion for eke. make check-source sees to it that it names every command and option of eke --help.

# The command among the words before the cursor, if there is one.
_eke_command() {
	local i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--config | --log-level | --log-file) i=$((i + 1)) ;;
		serve | acp | chat | complete | gateway | models | status | doctor | config)
			echo "${COMP_WORDS[i]}"
			return
			;;
		esac
	done
}

_eke_words() {
	local word
	while IFS= read -r word; do
		COMPREPLY+=("$word")
	done < <(compgen "$@" -- "${COMP_WORDS[COMP_CWORD]}")
}

_eke() {
	local previous=${COMP_WORDS[COMP_CWORD - 1]} current=${COMP_WORDS[COMP_CWORD]} command options
	COMPREPLY=()
	command=$(_eke_command)

	case $previous in
	--log-level)
		_eke_words -W 'broken warn info debug io'
		return
		;;
	--config | --log-file)
		_eke_words -f
		return
		;;
	-f | --file)
		if [[ $command == chat ]]; then
			_eke_words -f
			return
		fi
		;;
	-c | --command)
		if [[ $command == chat ]]; then
			_eke_words -W 'explain problems optimize refactor document tests fix commit ask write'
			return
		fi
		;;
	-m | --model)
		if [[ $command == chat ]]; then
			_eke_words -W "$("${COMP_WORDS[0]}" models 2>/dev/null | sed 's/[[:blank:]].*//')"
			return
		fi
		;;
	esac

	options='--config --log-level --log-file --version --help'
	case $command in
	'') [[ $current == -* ]] || options='serve acp chat complete gateway models status doctor config' ;;
	serve) options+=' --stdio' ;;
	chat) options+=' -c --command -f --file -m --model --json --continue' ;;
	complete)
		if [[ $current != -* ]]; then
			_eke_words -f
			return
		fi
		options+=' --explain'
		;;
	gateway) options+=' --listen --tls-cert --tls-key --allow-origin --token --revoke' ;;
	status) options+=' --json --unblock' ;;
	config) options+=' --path --print --schema' ;;
	esac
	_eke_words -W "$options"
}

complete -o filenames -F _eke eke
