# The rules of check-source that need nothing but the text: awk -f check-source.awk LIST FILE...
#
# LIST holds the path of every file of the tree, one a line, relative to its root; FILEs are the text files to check.
# Prints "file:line: what is wrong: what to do" for each problem. Written for any POSIX awk in the C locale (mawk
# included: no intervals in regular expressions).
#
# A line that has to break a rule of use() or of words() says so in a comment at its end, "allowed: why"; an escape that nothing
# needs is itself a problem.

BEGIN {
	# The layers, low to high: an include may point to the same or a lower one …
	layers = split("base config io rpc text code post offline store budget upstream context complete chat front gateway", names, " ")
	for (i = 1; i <= layers; i++)
		order[names[i]] = i
	# … but not to those that it must not know (docs of the layers: src/README.md).
	forbid("text", "rpc")
	forbid("store", "rpc")
	forbid("budget", "rpc")
	forbid("upstream", "rpc")
	forbid("code", "rpc")
	forbid("post", "rpc")
	forbid("offline", "rpc")
	forbid("context", "rpc")
	forbid("complete", "rpc")
	forbid("chat", "rpc")

	# Library headers and the only files that may include them.
	only["cJSON.h"] = "^src/base/json[a-z_]*[.]c$"
	only["ev.h"] = "^src/io/"
	only["curl.h"] = "^src/upstream/http[a-z0-9_]*[.][ch]$"
	only["sqlite3.h"] = "^src/store/"
	only["async.h"] = "^src/budget/redis[.]c$"
	only["hiredis.h"] = "^src/budget/redis(_reply)?[.]c$"
	only["editorconfig.h"] = "^src/text/editorconfig[.]c$"
	only["microhttpd.h"] = "^src/gateway/http_(server[.]c|request[.]c|poll[.]c|private[.]h)$"

	# Files that parse or decide: bytes or facts in, facts out. Neither they nor their headers know a clock, the loop or
	# any input and output; a line in the log is all that they may write. `all but …` of a folder, or the files named.
	pure_folders["code"] = pure_folders["post"] = pure_folders["offline"] = ""
	pure_folders["text"] = "outbound workspace own_files editorconfig"
	pure_folders["chat"] = "chat conversation_preparation conversation_query conversation_record conversation_turn " \
		"conversations history history_read history_schema history_step context diff git edit"
	pure("base", "json_guard hex printable rfc3339 url utf width")
	pure("config", "base_url service")
	pure("gateway", "ask body convert gather judge openai_error spread")
	pure("rpc", "framing peek")
	pure("budget", "limit_window pace cooldown effective_windows admit")
	pure("upstream", "answer fim_template sse stencil wire wire_error error_body retry_after stated_limit limit_terms tokens think " \
		"dialect local_server")
	pure("complete", "admission cache cache_key cursor_context excerpt feedback prompt prompt_forms realign recent symbol_renames")
	pure("context", "declaration digest evidence imports names packing snippets")
	impure_header = "^(eke/(io|store)/.*|eke/base/(clock|process|resolve)[.]h|unistd[.]h|fcntl[.]h|poll[.]h|dirent[.]h|" \
		"netdb[.]h|signal[.]h|sys/(socket|stat|time|mman|wait|ioctl|select|un|file)[.]h)$"
	impure_functions("time clock clock_gettime gettimeofday getenv secure_getenv fopen fdopen open openat read write " \
		"file_read path_home path_config path_state path_expand random rand arc4random getrandom")

	use_instead("strcpy strcat strncpy", "memcpy with a known length, or struct strbuf")
	use_instead("sprintf vsprintf", "strbuf_addf or snprintf")
	use_instead("gets", "read with a length")
	use_instead("strtok", "a loop over the bytes, or strtok_r")
	use_instead("atoi atol sscanf", "strtoll with its end checked, or a parser of base/")
	use_instead("alloca", "an array of fixed size or xmalloc")
	use_instead("system popen", "io/proc.h: no shell, nothing that blocks")
	use_instead("sleep usleep nanosleep clock_nanosleep", "a timer of the loop; in tests the fake clock or an event")
	# What is sent is taken from text/outbound.h, which asks the rules.
	unsent("doc_text file_read", "chat", "outbound_document, outbound_text or outbound_file: they ask what may be sent")
	unsent("doc_text file_read", "complete", "outbound_document: it asks what may be sent")
	unsent("doc_text file_read", "context", "outbound_document or outbound_workspace_file: they ask what may be sent")
	memory("malloc calloc realloc reallocarray strdup strndup asprintf vasprintf", "base/mem.h")
	count = split("printf vprintf puts putchar fprintf vfprintf dprintf vdprintf fputs fputc putc fwrite", list, " ")
	for (i = 1; i <= count; i++)
		output[list[i]] = 1

	# Spelled so that this file does not break its own rules.
	unfinished = "(^|[^A-Za-z0-9_])(TOD[O]|FIXM[E]|XX[X])([^A-Za-z0-9_]|$)"
	machine_path = "(^|[^A-Za-z0-9_.)}~*/$-]|//)/((work|root)/|tmp/ek[e]/)"
	home_path = "/(home|Users)/[A-Za-z0-9_-]+"
	# Names in examples: file:///home/user/x.c belongs to nobody.
	count = split("user you me u alice bob", list, " ")
	for (i = 1; i <= count; i++)
		nobody[list[i]] = 1

	max_columns = 120
	max_function = 120
	max_file = 900
	problems = 0
}

function forbid(from, to) {
	forbidden[from, to] = 1
}

function use_instead(functions, instead,   list, i, n) {
	n = split(functions, list, " ")
	for (i = 1; i <= n; i++)
		banned[list[i]] = instead
}

# These functions are not for that layer.
function unsent(functions, layer, instead,   list, i, n) {
	n = split(functions, list, " ")
	for (i = 1; i <= n; i++)
		layer_banned[layer, list[i]] = instead
}

function memory(functions, instead,   list, i, n) {
	n = split(functions, list, " ")
	for (i = 1; i <= n; i++)
		raw_memory[list[i]] = instead
}

function pure(folder, stems,   list, i, n) {
	n = split(stems, list, " ")
	for (i = 1; i <= n; i++)
		pure_file[folder, list[i]] = 1
}

function impure_functions(functions,   list, i, n) {
	n = split(functions, list, " ")
	for (i = 1; i <= n; i++)
		impure_function[list[i]] = 1
}

function is_pure_file(   list, i, n) {
	if ((folder, stem) in pure_file)
		return 1
	if (!(folder in pure_folders))
		return 0
	n = split(pure_folders[folder], list, " ")
	for (i = 1; i <= n; i++)
		if (list[i] == stem)
			return 0
	return 1
}

# Names on the lists above that no file has; only in the repository itself.
function stale_names(   key, parts, list, i, n) {
	path = "tests/tools/check-source.awk"
	if (!(path in exists))
		return
	for (key in pure_file) {
		split(key, parts, SUBSEP)
		if (!(("src/" parts[1] "/" parts[2] ".c") in exists))
			problem(1, "pure(\"" parts[1] "\", \"" parts[2] "\") names no file: take it out")
	}
	for (key in pure_folders) {
		n = split(pure_folders[key], list, " ")
		for (i = 1; i <= n; i++)
			if (!(("src/" key "/" list[i] ".c") in exists))
				problem(1, "pure_folders[\"" key "\"]: there is no " list[i] ".c: take it out")
	}
}

function problem(line, text) {
	printf "%s:%d: %s\n", path, line, text
	problems++
}

# For rules that a comment may lift.
function escapable(text) {
	if (escape)
		escape_used = 1
	else
		problem(FNR, text)
}

NR == FNR {
	exists[$0] = 1
	name = $0
	sub(/^.*\//, "", name)
	basename[name] = 1
	next
}

FNR == 1 {
	finish_file()
	start_file(FILENAME)
}

{
	sub(/\r$/, " ") # so that a carriage return is a trailing blank
	lines = FNR
	escape = 0
	escape_used = 0
	if (is_c)
		c_line($0)
	else
		other_line($0)
	if ($0 ~ /[ \t]$/ && !is_markdown)
		problem(FNR, "blank at the end of the line: remove it")
	words($0)
	if (escape && !escape_used)
		problem(FNR, "this line needs no \"allowed:\" comment: remove it")
}

END {
	finish_file()
	stale_names()
	exit problems != 0
}

function start_file(name,   parts, n) {
	path = name
	sub(/^[.]\//, "", path)
	is_c = path ~ /[.][ch]$/
	is_markdown = path ~ /[.]md$/
	is_js_test = path ~ /[.]test[.]mjs$/
	is_shell = path ~ /[.]sh$/
	in_src = path ~ /^src\//
	in_product = in_src || path ~ /^include\//
	is_header = path ~ /[.]h$/
	n = split(path, parts, "/")
	stem = parts[n]
	sub(/[.][ch]$/, "", stem)
	folder = ""
	if (path ~ /^include\/eke\// && n == 4)
		folder = parts[3]
	else if (in_src && n == 3)
		folder = parts[2]
	is_main = path == "src/main.c"
	is_pure = is_pure_file()
	may_print = path == "src/front/terminal.c"
	lines = 0

	in_comment = 0
	opened = 0
	directives = 0
	conditional = 0
	includes = 0
	last_kind = 0
	last_line = 0
	last_name = ""
	depth = 0
	head = ""
	head_line = 0
	function_line = 0
	continued = 0

	if (!is_c || !in_product)
		return
	if (folder == "" && !is_main)
		problem(1, "this file is in no layer: it belongs into src/<layer>/ or include/eke/<layer>/")
	else if (folder != "" && !(folder in order))
		problem(1, "unknown layer \"" folder "\": add it to tests/tools/check-source.awk in its place")
	guard = toupper("eke_" folder "_" stem "_h")
	gsub(/[^A-Z0-9_]/, "_", guard)
	own = ""
	if (!is_header && folder != "") {
		if (("include/eke/" folder "/" stem ".h") in exists)
			own = "eke/" folder "/" stem ".h"
		else if (("src/" folder "/" stem ".h") in exists)
			own = folder "/" stem ".h"
		# The files of one module declare to each other in one header: x.c, x_part.c and x_private.h, or x.h.
		else if (private_header(stem) != "")
			own = private_header(stem)
		else if (("src/" folder "/" first_word(stem) ".h") in exists)
			own = folder "/" first_word(stem) ".h"
		else
			problem(1, "no header of its own: add include/eke/" folder "/" stem ".h (or src/" folder "/" stem ".h if private)")
	}
}

function finish_file() {
	if (lines == 0 || !is_c)
		return
	if (in_product && is_header && directives < 2)
		problem(1, "no include guard: #ifndef " guard)
	if (in_product && !is_header && own != "" && includes == 0)
		problem(1, "its own header is not included: #include \"" own "\"")
	if (!is_header && lines > max_file)
		problem(lines, lines " lines: split the file, " max_file " is the most")
}

# --- C ---

function c_line(line,   code, started_in_comment) {
	started_in_comment = in_comment
	line_comment = 0
	code = lex(line)
	opening(line, started_in_comment)
	if (started_in_comment)
		cites(line)
	else if (match(line, /\/\*/))
		cites(substr(line, RSTART))
	layout(line, started_in_comment)
	if (line_comment)
		problem(FNR, "a // comment: write /* */")
	if (started_in_comment && code ~ /^[ \t]*$/)
		return
	if (code ~ /^[ \t]*#/ || continued) {
		if (!continued)
			directive(line, code)
		continued = code ~ /\\[ \t]*$/
	} else {
		functions(code)
	}
	use(code)
}

# The code of a line: comments become a blank, strings and characters lose their inside. Sets comment (its text),
# line_comment and escape; in_comment lives from line to line.
function lex(line,   out, token) {
	out = ""
	comment = ""
	while (line != "") {
		if (in_comment) {
			token = index(line, "*/")
			if (token == 0) {
				comment = comment line
				return out
			}
			comment = comment substr(line, 1, token - 1)
			line = substr(line, token + 2)
			in_comment = 0
			out = out " "
			if (comment ~ /^ *allowed: *[^ ]/)
				escape = 1
			comment = ""
			continue
		}
		if (!match(line, /\/\*|\/\/|"|'/))
			return out line
		out = out substr(line, 1, RSTART - 1)
		token = substr(line, RSTART, RLENGTH)
		line = substr(line, RSTART + RLENGTH)
		if (token == "/*") {
			in_comment = 1
		} else if (token == "//") {
			line_comment = 1
			return out
		} else if (token == "\"") {
			out = out "\"\""
			line = match(line, /^([^"\\]|\\.)*"/) ? substr(line, RLENGTH + 1) : ""
		} else {
			out = out "' '"
			line = match(line, /^([^'\\]|\\.)*'/) ? substr(line, RLENGTH + 1) : ""
		}
	}
	return out
}

# A file says first what it is for: a .c in its first line, a header there or right after its guard.
function opening(line, started_in_comment) {
	if (opened)
		return
	if (is_header && (line ~ /^[ \t]*$/ || line ~ /^#[ \t]*(ifndef|define)[ \t]+[A-Z0-9_]+$/))
		return
	opened = 1
	if (line !~ /^\/\*/)
		problem(FNR, "no opening comment: say here what the file is for" (is_header ? ", its units, ownership and errors" : ", its objects and their lifetimes"))
}

# A document that is cited must be there: by its path, or by its name alone.
function cites(text,   name) {
	while (match(text, /[A-Za-z0-9_.\/-]*[A-Za-z0-9_-][.]md([^A-Za-z0-9_]|$)/)) {
		name = substr(text, RSTART, RLENGTH)
		text = substr(text, RSTART + RLENGTH)
		sub(/[^A-Za-z0-9_]$/, "", name)
		sub(/^.*\/\//, "", name)
		if (!(name in exists) && !(name in basename))
			escapable("cites " name ", which is not there: cite a page of this repository, or none")
	}
}

function layout(line, started_in_comment,   lead, flat) {
	match(line, /^[ \t]*/)
	lead = substr(line, 1, RLENGTH)
	if (lead ~ / \t/ || (!started_in_comment && lead ~ /^ / && line !~ /^ *$/))
		problem(FNR, "indented by spaces: use tabs")
	if (length(line) <= max_columns / 4)
		return
	flat = line
	gsub(/\t/, "    ", flat)
	gsub(/[\200-\277]/, "", flat) # one column a character
	if (length(flat) > max_columns)
		problem(FNR, length(flat) " columns: break the line, " max_columns " is the most (a tab is 4)")
}

function directive(line, code,   name) {
	directives++
	if (is_header && in_product && directives <= 2) {
		if (code !~ ("^#[ \t]*" (directives == 1 ? "ifndef" : "define") "[ \t]+" guard "[ \t]*$"))
			problem(FNR, "include guard: the first two directives are #ifndef and #define " guard)
		if (directives == 1)
			return # the guard is no condition
	}
	if (code ~ /^[ \t]*#[ \t]*if/)
		conditional++
	else if (code ~ /^[ \t]*#[ \t]*endif/ && conditional > 0)
		conditional--
	if (!match(line, /^[ \t]*#[ \t]*include[ \t]*[<"][^>"]*[>"]/))
		return
	name = substr(line, RSTART, RLENGTH)
	sub(/^[^<"]*/, "", name)
	if (in_product)
		include(substr(name, 2, length(name) - 2), substr(name, 1, 1) == "<")
}

function include(name, system_header,   kind, base, target, rest) {
	base = name
	sub(/^.*\//, "", base)
	if (system_header && (base in only) && (base != "curl.h" || name == "curl/curl.h") && path !~ only[base])
		problem(FNR, "<" name "> is for " readable(only[base]) " alone: use the layer's own header")
	if (is_pure && name ~ impure_header)
		problem(FNR, (system_header ? "<" name ">" : name) " in a file that is pure: have the caller give what it needs, or take the file off the list in check-source.awk")
	if (system_header) {
		kind = 2
	} else if (name ~ /^eke\//) {
		kind = 3
		rest = substr(name, 5)
		target = rest
		sub(/\/.*$/, "", target)
		points_down(target, rest)
	} else {
		kind = 4
		if (!(("src/" folder "/" name) in exists) && !(name ~ ("^" folder "/") && (("src/" name) in exists)))
			problem(FNR, "\"" name "\": neither \"eke/<layer>/<name>.h\" nor a private header of src/" folder "/")
	}
	includes++
	if (includes == 1 && own != "" && !is_header) {
		if (name != own && folder "/" name != own)
			problem(FNR, "the first include must be its own header: #include \"" own "\"")
		kind = 1
	}
	if (conditional > 0)
		return
	if (kind < last_kind)
		problem(FNR, "include order: its own header, <system>, \"eke/...\", private")
	else if (kind == last_kind && FNR == last_line + 1 && name < last_name)
		problem(FNR, "include order: " name " goes before " last_name " (alphabetical)")
	last_kind = kind
	last_line = FNR
	last_name = name
}

function readable(pattern) {
	gsub(/[\^$\\]/, "", pattern)
	gsub(/\[a-z0-9_\]\*|\[a-z_\]\*/, "*", pattern)
	gsub(/\[[.]\]/, ".", pattern)
	return pattern
}

function points_down(target, rest,   name, mine, its) {
	if (!(target in order)) {
		problem(FNR, "eke/" target "/ is no layer")
		return
	}
	if (!(("include/eke/" rest) in exists))
		problem(FNR, "include/eke/" rest " does not exist")
	if (is_main || !(folder in order))
		return
	if (order[target] > order[folder])
		problem(FNR, "layering: " folder " is below " target " and cannot include it: move the shared part down")
	else if ((folder, target) in forbidden)
		problem(FNR, "layering: " folder " must not know " target " (design: one front end decodes, the engines do not)")
	else if ((folder == "front" || folder == "gateway") && target == "front") {
		name = rest
		sub(/^front\//, "", name)
		mine = folder == "front" ? first_word(stem) : folder
		its = first_word(name)
		# front/app.h, gateways.h, help.h, server.h and terminal.h are the ground they all stand on.
		if (mine != its && its != "app" && its != "gateways" && its != "server" && its != "terminal")
			problem(FNR, "layering: front ends do not know each other (" mine " includes " its "): move the shared part down")
	}
}

# lsp_chat.c belongs to lsp, cli.c to cli.
function first_word(name) {
	sub(/[.]h$/, "", name)
	sub(/_.*$/, "", name)
	return name
}

# Of "a_b_c" the first that there is of a_b_c_private.h, a_b_private.h and a_private.h, without src/; "": none.
function private_header(stem) {
	for (; stem != ""; sub(/_?[^_]*$/, "", stem))
		if (("src/" folder "/" stem "_private.h") in exists)
			return folder "/" stem "_private.h"
	return ""
}

# Follows braces to see where functions begin and end. head collects what stands before a brace at the top level.
function functions(code,   rest, token, name) {
	if (code ~ /^}/ && depth > 1)
		depth = 1 # both branches of an #if opened a brace
	rest = code
	while (match(rest, /[{};]/)) {
		token = substr(rest, RSTART, 1)
		if (depth == 0) {
			head = head substr(rest, 1, RSTART - 1)
			if (token != "{") {
				head = ""
			} else if (head ~ /\)[ \t]*$/ && head !~ /=/) {
				name = head
				gsub(/__attribute__[ \t]*\(\([^)]*\)+/, "", name)
				sub(/[ \t]*\(.*$/, "", name)
				sub(/^.*[^A-Za-z0-9_]/, "", name)
				function_name = name
				function_line = FNR
				head = ""
			}
		}
		if (token == "{") {
			depth++
		} else if (token == "}") {
			if (depth > 0)
				depth--
			if (depth == 0) {
				if (function_line && FNR - function_line > max_function)
					problem(function_line, function_name "() has " (FNR - function_line) " lines: split it, " max_function " is the most")
				function_line = 0
				head = ""
			}
		}
		rest = substr(rest, RSTART + 1)
	}
	if (depth == 0)
		head = head rest " "
}

# Functions that are not used here, by name.
function use(code,   rest, name, before) {
	rest = code
	while (match(rest, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
		name = substr(rest, RSTART, RLENGTH - 1)
		before = RSTART > 1 ? substr(rest, RSTART - 1, 1) : ""
		rest = substr(rest, RSTART + RLENGTH)
		sub(/[ \t]*$/, "", name)
		if (before == "." || before == ">")
			continue # a member of that name
		if (is_pure && (name in impure_function || name ~ /^clock_/))
			problem(FNR, name "() in a file that is pure: have the caller give what it needs, or take the file off the list in check-source.awk")
		if (name in banned)
			escapable(name "() is banned: use " banned[name])
		else if (in_src && ((folder, name) in layer_banned))
			escapable(name "() is not for " folder "/: use " layer_banned[folder, name])
		else if ((name in raw_memory) && in_product && path != "src/base/mem.c")
			escapable(name "() outside base/mem.c: use " raw_memory[name])
		else if ((name in output) && in_product && !may_print)
			escapable(name "() can write to a terminal what drives it, and to standard output, which belongs to the protocol: log, reply, or front/terminal.h")
	}
	if (in_product && !may_print && !is_main && code ~ /(^|[^A-Za-z0-9_])stdout([^A-Za-z0-9_]|$)/)
		escapable("stdout belongs to the protocol: log, reply, or front/terminal.h")
	if (code ~ /(^|[^A-Za-z0-9_])poll\((NULL|0),/)
		escapable("a sleep in disguise: wait for an event")
}

# --- everything else ---

function other_line(line) {
	if (FNR == 1 && line ~ /^#!.*sh$/)
		is_shell = 1
	if (line ~ /(#|\/\/|\/\*|<!--) allowed: *[^ ]/)
		escape = 1
	if (!is_markdown && match(line, /^[ \t]*(\*|#|\/\/|\/\*)/))
		cites(line)
	if (is_js_test && (line ~ /(^|[^A-Za-z0-9_.])sleep\(/ || line ~ /setTimeout\((r|res|resolve|done)[,)]/ || line ~ /timers\/promises/))
		escapable("a sleep in a test: wait for the event itself")
	if (is_shell && line ~ /(^|[;&|({ \t])u?sleep [0-9.$"]/ && line !~ /^[ \t]*#/)
		escapable("a sleep in a script: wait for the event itself")
}

# Rules for any text.
function words(line,   name) {
	if (line ~ unfinished)
		escapable("unfinished: do it, or open an issue and remove the mark")
	if (line ~ machine_path)
		escapable("a path of a developer's machine: use one relative to the repository or a temporary one")
	while (match(line, home_path)) {
		name = substr(line, RSTART, RLENGTH)
		line = substr(line, RSTART + RLENGTH)
		sub(/^.*\//, "", name)
		if (!(name in nobody))
			escapable("a path of a developer's machine: say /home/user in an example")
	}
}
