#ifndef EKE_CODE_BLOCKS_H
#define EKE_CODE_BLOCKS_H
/*
 * Which lines begin, end and divide blocks, by brackets, colons and words. Pure functions over single lines; a line of
 * which only the part before a cursor is known will do.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/code/syntax.h"

/* The line (comments aside) ends with, or is, something that makes the next line a deeper one. */
bool block_opens(const struct syntax *syntax, const char *line, size_t len);
/* The line begins a block that is not indented: C++'s namespace x, extern "C". */
bool block_is_level(const struct syntax *syntax, const char *line, size_t len);
/* The statement goes on in the next line: the line ends with a backslash, "&&", "||", "|", "and" or "or". */
bool block_goes_on(const struct syntax *syntax, const char *line, size_t len);
/* The line begins with something that ends or divides a block: a closing bracket or tag, else, case, end, … */
bool block_closes(const struct syntax *syntax, const char *line, size_t len);
/* Behind this line a block has ended: it returns, breaks off, raises. */
bool block_is_left(const char *line, size_t len);
/* The line says what a function, class or the like is called: nobody writes it twice. */
bool block_is_defined(const char *line, size_t len);
/* The length of the line without the comment at its end and the blanks before that. */
size_t code_length(const struct syntax *syntax, const char *line, size_t len);

#endif
