# fish completion for eke. make check-source sees to it that it names every command and option of eke --help.

set -l commands serve acp chat complete gateway models status doctor config

complete -c eke -f

complete -c eke -l config -r -F -d 'Read this configuration file'
complete -c eke -l log-level -x -a 'broken warn info debug io' -d 'How much is logged'
complete -c eke -l log-file -r -F -d 'Log to this file'
complete -c eke -l version -d 'Print the version'
complete -c eke -s h -l help -d 'Say what there is; behind a command, of that'

complete -c eke -n "not __fish_seen_subcommand_from $commands" -a serve -d 'JSON-RPC over standard input and output'
complete -c eke -n "not __fish_seen_subcommand_from $commands" -a acp -d 'The Agent Client Protocol over standard input and output'
complete -c eke -n "not __fish_seen_subcommand_from $commands" -a chat -d 'One answer, streamed to the terminal'
complete -c eke -n "not __fish_seen_subcommand_from $commands" -a complete -d 'The completion at a position of a file'
complete -c eke -n "not __fish_seen_subcommand_from $commands" -a gateway -d 'An OpenAI-compatible endpoint on this machine'
complete -c eke -n "not __fish_seen_subcommand_from $commands" -a models -d 'The models that the endpoints offer'
complete -c eke -n "not __fish_seen_subcommand_from $commands" -a status -d 'What is left of each plan'
complete -c eke -n "not __fish_seen_subcommand_from $commands" -a doctor -d 'Check configuration, key, proxy, TLS and endpoint'
complete -c eke -n "not __fish_seen_subcommand_from $commands" -a config -d 'The configuration: where, what, its schema'

complete -c eke -n '__fish_seen_subcommand_from serve' -l stdio -d 'Accepted for editors that add it'

complete -c eke -n '__fish_seen_subcommand_from complete' -l explain -d 'Show what would be sent along, and send nothing'
complete -c eke -n '__fish_seen_subcommand_from chat' -s f -l file -r -F -d 'A file that goes with the message'
complete -c eke -n '__fish_seen_subcommand_from chat' -s m -l model -x -a '(eke models 2>/dev/null | string replace -r "\\s.*" "")' -d 'Ask this model'
complete -c eke -n '__fish_seen_subcommand_from chat' -s c -l command -x -a 'explain problems optimize refactor document tests fix commit ask write' -d 'A command'
complete -c eke -n '__fish_seen_subcommand_from chat' -l json -d 'Print one JSON object'
complete -c eke -n '__fish_seen_subcommand_from chat' -l continue -d 'Go on with the last chat'

complete -c eke -n '__fish_seen_subcommand_from complete' -F

complete -c eke -n '__fish_seen_subcommand_from gateway' -l listen -x -d 'Listen at ADDRESS:PORT'
complete -c eke -n '__fish_seen_subcommand_from gateway' -l allow-origin -x -d 'Let pages of this origin ask'
complete -c eke -n '__fish_seen_subcommand_from gateway' -l tls-cert -r -d 'Certificate for TLS'
complete -c eke -n '__fish_seen_subcommand_from gateway' -l tls-key -r -d 'Its key'
complete -c eke -n '__fish_seen_subcommand_from gateway' -l token -d 'Print the API key for it, or of one client'
complete -c eke -n '__fish_seen_subcommand_from gateway' -l revoke -x -d 'Make the API key of a client invalid'

complete -c eke -n '__fish_seen_subcommand_from status' -l json -d 'Print one JSON object'
complete -c eke -n '__fish_seen_subcommand_from status' -l unblock -d 'Forget what providers refused'

complete -c eke -n '__fish_seen_subcommand_from config' -l path -d 'Where the file is'
complete -c eke -n '__fish_seen_subcommand_from config' -l print -d 'The merged configuration, keys masked'
complete -c eke -n '__fish_seen_subcommand_from config' -l schema -d 'Its JSON Schema'
