/*
 * The built-in commands, as data. tests/tools/check-source compares every other list of them (shell completions, the
 * manual, the Vim adapter, the pages for editors) with this one.
 */
#include "builtin_commands.h"

#include "eke/base/attrs.h"

const struct command builtin_commands[] = {
	{ .name = "explain",
	  .title = "Explain",
	  .description = "What the code does, and why it does it so.",
	  .needs = COMMAND_NEEDS_SELECTION,
	  .prompt =
		  "Explain the attached {language} code to a programmer who has never seen it.\n"
		  "Begin with one or two sentences on what it is for. Then follow it in its own order, by what each part "
		  "achieves and why it is done that way, not line by line: what goes in, what comes out, what it changes, "
		  "and what happens when something fails. Refer to line numbers instead of repeating code. End with what is "
		  "surprising or easy to break, if there is such a thing." },
	{ .name = "problems",
	  .title = "Find problems",
	  .description = "Bugs and weaknesses of the code, the worst first, each with its remedy.",
	  .needs = COMMAND_NEEDS_SELECTION,
	  .prompt =
		  "Review the attached {language} code as a careful colleague would, and find what is wrong with it: wrong "
		  "results, crashes, unhandled errors and edge cases, leaks, races, security holes.\n"
		  "Give a numbered list, the worst first. For each: the lines, the input or situation in which it goes "
		  "wrong, what happens then, and the smallest change that cures it, as code. Leave out matters of taste, and "
		  "do not guess at code that you cannot see: say what you would have to check. If nothing is wrong, say so "
		  "in one sentence." },
	{ .name = "optimize",
	  .title = "Optimize",
	  .description = "The same, faster or with less memory.",
	  .needs = COMMAND_NEEDS_SELECTION,
	  .prompt =
		  "Make the attached {language} code faster, or let it use less memory, without changing what it does or how "
		  "it is called.\n"
		  "Answer with the whole new code first, in one fenced block that can take the old one's place. Below it, for "
		  "each change: what it saves, in terms of complexity, allocations or input and output, and when that "
		  "matters. Do not trade readability for what cannot be measured; if it is good as it is, say so instead.",
	  .code_action_kind = "refactor.rewrite",
	  .edit_instruction =
		  "Make it faster, or let it use less memory, without changing what it does or how it is called. Do not trade "
		  "readability for what cannot be measured; if it is good as it is, leave it so." },
	{ .name = "refactor",
	  .title = "Refactor",
	  .description = "The same code, better to read and to change.",
	  .needs = COMMAND_NEEDS_SELECTION,
	  .prompt =
		  "Refactor the attached {language} code: clear names, small functions with one purpose each, no repetition, "
		  "early returns, no dead code. Its behaviour, its interface, and the style of the code around it stay.\n"
		  "Answer with the whole new code first, in one fenced block that can take the old one's place. Below it a "
		  "short list of what was changed and what it is good for.",
	  .code_action_kind = "refactor.rewrite",
	  .edit_instruction =
		  "Refactor it: clear names, small functions with one purpose each, no repetition, early returns, no dead "
		  "code. Its behaviour, its interface and the style of the code around it stay." },
	{ .name = "document",
	  .title = "Document",
	  .description = "The same code with documentation comments.",
	  .needs = COMMAND_NEEDS_SELECTION,
	  .prompt =
		  "Document the attached {language} code in the form that is usual for its language (docstrings, JSDoc, "
		  "Javadoc, rustdoc, Doxygen, ...) or that the file already has.\n"
		  "Say of each public part what it does, its parameters, result and errors, and what a caller must know; "
		  "inside functions comment only what the code does not say, above all why. Answer with one fenced block and "
		  "nothing else: the code with its comments, not one character of the code itself changed.",
	  .code_action_kind = "refactor.rewrite",
	  .edit_instruction =
		  "Add documentation comments, in the form that is usual for the language or that the file already has: what "
		  "each public part does, its parameters, result and errors, and what a caller must know. Within functions "
		  "comment only what the code does not say. Change nothing of the code itself." },
	{ .name = "tests",
	  .title = "Write tests",
	  .description = "Unit tests in the framework that the file seems to use.",
	  .needs = COMMAND_NEEDS_SELECTION,
	  .prompt =
		  "Write unit tests for the attached {language} code with {framework}.\n"
		  "Cover what it is for, its edge cases (empty, one, many, limits, invalid input), and each way in which it "
		  "fails; one behaviour to a test, with a name that says which. Use tables of cases where cases differ in "
		  "data only. Call the code as it is and mock only what reaches outside the process. Answer with one fenced "
		  "block that is a complete test file, imports included; below it, only what the tests showed to be wrong "
		  "or untestable in the code." },
	{ .name = "fix",
	  .title = "Fix",
	  .description = "The corrected code, and what was wrong.",
	  .needs = COMMAND_NEEDS_SELECTION,
	  .prompt =
		  "Fix the attached {language} code. If diagnostics are attached, they say what is wrong; else find it "
		  "yourself.\n"
		  "Answer with the corrected code first, in one fenced block that can take the old one's place: all of it, "
		  "and changed only where it must be. Then say in a few sentences what was wrong, why this cures it, and "
		  "what else should be looked at because of it.",
	  .code_action_kind = "quickfix",
	  .edit_instruction =
		  "Fix what is wrong with it, and change nothing else. If problems are listed below, these are what is "
		  "meant." },
	{ .name = "commit",
	  .title = "Commit message",
	  .description = "A message for what is staged, in the form of Conventional Commits.",
	  .needs = COMMAND_NEEDS_DIFF,
	  .prompt =
		  "Write the commit message for the attached diff, by Conventional Commits 1.0.0.\n"
		  "First line: type(scope): description. The type is feat, fix, docs, style, refactor, perf, test, build, "
		  "ci, chore or revert; the scope, one word for the part that is concerned, may be left out; the "
		  "description is in the imperative, in lower case, without a full stop, and the line has at most 72 "
		  "characters. Where it is not obvious why, a blank line and a body follow, wrapped at 72 columns, that "
		  "say why and not how. Put ! after the type, and a footer \"BREAKING CHANGE: ...\", only if the diff "
		  "breaks its users. Name no issue that the diff does not name.\n"
		  "Answer with the one message and nothing else: no fence, no quotes, no remark." },
	{ .name = "ask",
	  .title = "Ask",
	  .description = "A question, about what is attached or in general.",
	  .needs = COMMAND_NEEDS_NOTHING,
	  .needs_input = true,
	  .prompt =
		  "Answer the question below. Where something is attached, lean on it, and name the file and lines that the "
		  "answer rests on; if it is not enough to be sure, say what is missing instead of guessing. The answer "
		  "comes first, reasons after it.\n\n{input}" },
	{ .name = "write",
	  .title = "Write code",
	  .description = "Code from a comment or a description.",
	  .needs = COMMAND_NEEDS_SELECTION,
	  .input_will_do = true,
	  .prompt =
		  "Write {language} code that does what the attached comment, or the text below, describes.\n"
		  "Follow the indentation, naming, error handling and libraries of the file where they can be seen, and use "
		  "nothing that has to be installed unless the file uses it already. Answer with one fenced block and "
		  "nothing else, complete enough to be put below the comment and run; assumptions that you had to make go "
		  "into a short comment at its top." },
};

const size_t builtin_command_count = ARRAY_LEN(builtin_commands);
