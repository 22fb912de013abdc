/*
 * What a question is made of: any bytes as a prompt (its mentions, its title), as the text of a block that is cut, and
 * as git's output. Names of files stay below where they begin, titles are one line of valid text, cut blocks are
 * blocks, and nothing of a diff comes out that did not go in.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/base/utf.h"
#include "eke/chat/fit.h"
#include "eke/text/workspace.h"

#include "../../src/chat/attachment.h"
#include "../../src/chat/diff.h"
#include "../../src/chat/mentions.h"
#include "../../src/chat/title.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check_mentions(const char *prompt)
{
	struct mention m = { .end = prompt };

	while (mention_next(&m)) {
		require(m.count && m.count <= MENTION_NAMES);
		for (size_t i = 0; i < m.count; i++) {
			const char *path = m.names[i].path;

			require(*path && *path != '/' && strcmp(path, "..") != 0 && strncmp(path, "../", 3) != 0);
			require(!strstr(path, "/../"));
			require(m.names[i].first <= m.names[i].last);
		}
		mention_release(&m);
	}
}

static void check_title(const char *prompt, size_t len)
{
	char *title = title_make(prompt, NULL, NULL);
	char *clean = title_clean(prompt);

	require(*title && !strpbrk(title, "\r\n"));
	require(utf8_valid_prefix(prompt, len) != len || utf8_valid_prefix(title, strlen(title)) == strlen(title));
	require(!clean || (*clean && strlen(clean) <= LIMIT_TITLE));
	free(title);
	free(clean);
}

static void check_block(const char *text, size_t len)
{
	struct attachment_spec spec = { .name = "A", .text = text, .len = len, .first_line = len % 2 };
	struct strbuf block;
	struct strbuf cut;
	size_t lines;

	strbuf_init(&block, MIB(16));
	strbuf_init(&cut, MIB(16));
	require(attachment_write(&spec, &block));
	lines = attachment_lines(block.data, block.len);
	if (lines > 1) {
		attachment_cut(block.data, block.len, lines / 2, &cut);
		require(attachment_lines(cut.data, cut.len) == lines / 2 + 1);
	}
	/* Any text may be given to be cut. */
	lines = attachment_lines(text, len);
	if (lines > 1)
		attachment_cut(text, len, 1, &cut);
	strbuf_release(&block);
	strbuf_release(&cut);
}

static void check_diff(const char *text, size_t len)
{
	struct workspace *ws = workspace_new(NULL);
	struct strbuf out;
	char **kept;

	strbuf_init(&out, len);
	diff_filter(ws, "/nonexistent", text, len, &out, &kept);
	require(!out.full);
	for (char **line = kept; *line; line++)
		free(*line);
	free(kept);
	strbuf_release(&out);
	workspace_free(ws);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);

	check_mentions(text);
	check_title(text, strlen(text));
	check_block(text, strlen(text));
	check_diff(text, strlen(text));
	free(text);
	return 0;
}
