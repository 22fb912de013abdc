/*
 * Hexadecimal digits. Digits are checked before anything is written, so that a caller's buffer is whole or untouched.
 */
#include "eke/base/hex.h"

#include <string.h>

#include "eke/base/ascii.h"

void hex_encode(const void *bytes, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = bytes;

	for (size_t i = 0; i < len; i++) {
		*out++ = digits[p[i] >> 4];
		*out++ = digits[p[i] & 15];
	}
	*out = '\0';
}

bool hex_decode(const char *text, void *out, size_t len)
{
	unsigned char *p = out;

	if (strlen(text) != 2 * len)
		return false;
	for (size_t i = 0; i < 2 * len; i++)
		if (ascii_hex(text[i]) < 0)
			return false;
	for (size_t i = 0; i < len; i++)
		p[i] = (unsigned char)(ascii_hex(text[2 * i]) << 4 | ascii_hex(text[2 * i + 1]));
	return true;
}

void hex_from_u64(uint64_t n, char out[HEX_SIZE(8)])
{
	unsigned char bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(n >> (56 - 8 * i));
	hex_encode(bytes, sizeof(bytes), out);
}

bool hex_to_u64(const char *text, uint64_t *out)
{
	unsigned char bytes[8];
	uint64_t n = 0;

	if (!hex_decode(text, bytes, sizeof(bytes)))
		return false;
	for (size_t i = 0; i < sizeof(bytes); i++)
		n = n << 8 | bytes[i];
	*out = n;
	return true;
}
