/*
 * Leaves of tables that nothing points to any more, because a page above them is damaged or cut off. What a leaf holds
 * is told by its rows, whose columns must have the types that the table has. To be read it takes the place of the
 * table's first page in the file (a copy of the damaged one): then it is the whole table, and SQLite reads it as ever,
 * with the pages that its long rows go on in, and with all its checks.
 *
 * The format: sqlite.org/fileformat2.html, 1.5 and 1.6 pages, 2.1 records.
 */
#include "salvage_leaves.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eke/base/mem.h"
#include "salvage.h"

#define PAGE 4096
#define TABLE_LEAF 13
#define LEAF_HEADER 8
/* Of a record, those that tables of ours have. */
#define MOST_COLUMNS 32
/* Larger files are read as far as something points to it. */
#define MOST_PAGES 262144

enum affinity { ANY, INTEGER, REAL, TEXT, BLOB };

struct column {
	enum affinity affinity;
	bool is_rowid;
	bool nullable;
	bool may_be_missing; /* of an older version of the table */
};

struct shape {
	struct column columns[MOST_COLUMNS];
	size_t count;
	bool has_rowid_column;
};

struct leaves {
	sqlite3 *to;
	sqlite3 *from;
	int fd;
	int64_t pages;
	unsigned char *is_free; /* a bit for each page */
};

/* --- the file --- */

static uint32_t get_u32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool read_page(const struct leaves *l, int64_t page, unsigned char *out)
{
	return pread(l->fd, out, PAGE, (page - 1) * PAGE) == PAGE;
}

static bool is_free(const struct leaves *l, int64_t page)
{
	return l->is_free[page / 8] & 1 << page % 8;
}

/* What was deleted stays so, as far as the list of free pages can be read. */
static void read_freelist(struct leaves *l)
{
	unsigned char data[PAGE];
	int64_t trunk = read_page(l, 1, data) ? get_u32(data + 32) : 0;

	while (trunk > 1 && trunk <= l->pages && !is_free(l, trunk) && read_page(l, trunk, data)) {
		uint32_t count = get_u32(data + 4);

		if (count > PAGE / 4 - 2)
			return;
		l->is_free[trunk / 8] |= (unsigned char)(1 << trunk % 8);
		for (uint32_t i = 0; i < count; i++) {
			uint32_t leaf = get_u32(data + 8 + 4 * i);

			if (leaf <= l->pages)
				l->is_free[leaf / 8] |= (unsigned char)(1 << leaf % 8);
		}
		trunk = get_u32(data);
	}
}

/* Makes SQLite take every page anew, and the file's size for the number of pages. */
static bool touch_header(const struct leaves *l)
{
	unsigned char header[100];

	if (pread(l->fd, header, sizeof(header), 0) != sizeof(header))
		return false;
	header[18] = header[19] = 1; /* no write-ahead log */
	for (int i = 27; i >= 24 && !++header[i]; i--)
		;
	memset(header + 28, 0, 4);
	return pwrite(l->fd, header, sizeof(header), 0) == sizeof(header);
}

/* --- records --- */

/* 0: it does not end before `end`. */
static size_t get_varint(const unsigned char *p, const unsigned char *end, int64_t *out)
{
	uint64_t n = 0;

	for (size_t i = 0; i < 9 && p + i < end; i++) {
		n = i == 8 ? n << 8 | p[i] : n << 7 | (p[i] & 0x7F);
		if (i == 8 || !(p[i] & 0x80)) {
			*out = (int64_t)n;
			return i + 1;
		}
	}
	return 0;
}

static bool type_fits(const struct column *c, int64_t type)
{
	if (c->is_rowid)
		return !type;
	if (!type)
		return c->nullable;
	switch (c->affinity) {
	case INTEGER:
		return (type >= 1 && type <= 6) || type == 8 || type == 9;
	case REAL:
		return type <= 9;
	case TEXT:
		return type >= 13 && type % 2;
	case BLOB:
		return type >= 12 && !(type % 2);
	case ANY:
		break;
	}
	return type != 10 && type != 11;
}

/* Is what begins at that cell a row of such a table? Its rowid. */
static bool cell_fits(const struct shape *shape, const unsigned char *page, size_t at, int64_t *rowid)
{
	const unsigned char *end = page + PAGE;
	const unsigned char *p = page + at;
	int64_t payload, header, type;
	const unsigned char *types_end;
	size_t n = 0;
	size_t len = get_varint(p, end, &payload);
	size_t id_len = len ? get_varint(p + len, end, rowid) : 0;

	if (!id_len || payload < 2)
		return false;
	p += len + id_len;
	len = get_varint(p, end, &header);
	/* The types of a row of ours stand on its first page. */
	if (!len || header < (int64_t)len || header > payload || header > end - p)
		return false;
	types_end = p + header;
	for (p += len; p < types_end; p += len, n++) {
		len = get_varint(p, types_end, &type);
		if (!len || n == shape->count || !type_fits(&shape->columns[n], type))
			return false;
	}
	for (; n < shape->count; n++)
		if (!shape->columns[n].may_be_missing)
			return false;
	return true;
}

static size_t cell_at(const unsigned char *page, size_t i)
{
	return (size_t)page[LEAF_HEADER + 2 * i] << 8 | page[LEAF_HEADER + 2 * i + 1];
}

/* All its cells are rows of such a table; false also if it has none. */
static bool page_fits(const struct shape *shape, const unsigned char *page, int64_t *first, int64_t *last)
{
	size_t count = (size_t)page[3] << 8 | page[4];
	size_t fit = 0;

	if (page[0] != TABLE_LEAF || !count || LEAF_HEADER + 2 * count > PAGE)
		return false;
	for (size_t i = 0; i < count; i++) {
		size_t at = cell_at(page, i);

		if (at < LEAF_HEADER + 2 * count || at >= PAGE)
			continue;
		if (!cell_fits(shape, page, at, last))
			continue;
		if (!fit++)
			*first = *last;
	}
	/* Some bytes of it may be damaged, too. */
	return 2 * fit > count;
}

/* --- tables --- */

static enum affinity affinity_of(const char *declared)
{
	static const struct {
		const char *name;
		enum affinity affinity;
	} names[] = { { "INTEGER", INTEGER }, { "TEXT", TEXT }, { "BLOB", BLOB }, { "REAL", REAL } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (declared && !strcmp(declared, names[i].name))
			return names[i].affinity;
	return ANY;
}

static bool read_shape(const struct leaves *l, const char *table, struct shape *out)
{
	sqlite3_stmt *columns = NULL;

	memset(out, 0, sizeof(*out));
	if (sqlite3_prepare_v2(l->to, "SELECT type, \"notnull\", dflt_value, pk FROM pragma_table_info(?1)", -1, &columns,
			NULL) == SQLITE_OK) {
		sqlite3_bind_text(columns, 1, table, -1, SQLITE_STATIC);
		while (sqlite3_step(columns) == SQLITE_ROW && out->count < MOST_COLUMNS) {
			struct column *c = &out->columns[out->count++];
			bool has_default = sqlite3_column_type(columns, 2) != SQLITE_NULL;

			c->affinity = affinity_of((const char *)sqlite3_column_text(columns, 0));
			c->is_rowid = sqlite3_column_int(columns, 3) && c->affinity == INTEGER;
			c->nullable = !sqlite3_column_int(columns, 1);
			c->may_be_missing = !c->is_rowid && (c->nullable || has_default);
			out->has_rowid_column |= c->is_rowid;
		}
	}
	sqlite3_finalize(columns);
	return out->has_rowid_column;
}

static int64_t root_of(const struct leaves *l, const char *table)
{
	sqlite3_stmt *row = NULL;
	int64_t root = 0;

	if (sqlite3_prepare_v2(l->from, "SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = ?1", -1, &row,
			NULL) == SQLITE_OK) {
		sqlite3_bind_text(row, 1, table, -1, SQLITE_STATIC);
		if (sqlite3_step(row) == SQLITE_ROW)
			root = sqlite3_column_int64(row, 0);
	}
	sqlite3_finalize(row);
	return root;
}

static bool has_row(sqlite3_stmt *by_rowid, int64_t rowid)
{
	bool found;

	sqlite3_bind_int64(by_rowid, 1, rowid);
	found = sqlite3_step(by_rowid) == SQLITE_ROW;
	sqlite3_reset(by_rowid);
	return found;
}

int64_t salvage_leaves_table(struct leaves *l, const char *table, const struct salvage_table *t)
{
	char *sql = xasprintf("SELECT 1 FROM \"%s\" WHERE rowid = ?1", table);
	int64_t root = root_of(l, table);
	sqlite3_stmt *known = NULL;
	unsigned char page[PAGE];
	int64_t first = 0, last = 0, count = 0;
	struct shape shape;

	if (root > 1 && read_shape(l, table, &shape) && sqlite3_prepare_v2(l->to, sql, -1, &known, NULL) == SQLITE_OK) {
		for (int64_t i = 2; i <= l->pages; i++) {
			if (i == root || is_free(l, i) || !read_page(l, i, page) || !page_fits(&shape, page, &first, &last) ||
				(has_row(known, first) && has_row(known, last)))
				continue;
			if (pwrite(l->fd, page, PAGE, (root - 1) * PAGE) != PAGE || !touch_header(l))
				break;
			count += salvage_copy(t, l->from);
		}
	}
	sqlite3_finalize(known);
	free(sql);
	return count;
}

struct leaves *salvage_leaves_new(sqlite3 *to, const char *path)
{
	struct leaves *l = xcalloc(1, sizeof(*l));
	off_t size;

	l->to = to;
	l->fd = open(path, O_RDWR | O_CLOEXEC);
	size = l->fd < 0 ? 0 : lseek(l->fd, 0, SEEK_END);
	l->pages = size / PAGE;
	l->is_free = xcalloc((size_t)(l->pages / 8 + 1), 1);
	if (l->pages < 2 || l->pages > MOST_PAGES || !touch_header(l) ||
		sqlite3_open_v2(path, &l->from, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		salvage_leaves_free(l);
		return NULL;
	}
	read_freelist(l);
	return l;
}

sqlite3 *salvage_leaves_from(const struct leaves *l)
{
	return l->from;
}

void salvage_leaves_free(struct leaves *l)
{
	if (!l)
		return;
	sqlite3_close(l->from);
	if (l->fd >= 0)
		close(l->fd);
	free(l->is_free);
	free(l);
}
