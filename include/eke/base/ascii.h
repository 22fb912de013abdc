#ifndef EKE_BASE_ASCII_H
#define EKE_BASE_ASCII_H
/*
 * Characters of ASCII, without the locale that <ctype.h> asks.
 */
#include <stdbool.h>

/* The value of a hexadecimal digit, -1 if c is none. */
static inline int ascii_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static inline bool ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool ascii_is_alnum(char c)
{
	return ascii_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A blank within a line. */
static inline bool ascii_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A blank, or the end of a line. */
static inline bool ascii_is_space(char c)
{
	return ascii_is_blank(c) || c == '\n' || c == '\r';
}

#endif
