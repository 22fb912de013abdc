#ifndef EKE_TESTS_BENCH_CONTEXT_BITS_H
#define EKE_TESTS_BENCH_CONTEXT_BITS_H
/*
 * How well a small statistical model foresees a text after it has read others: bits for each of its bytes. The model
 * blends the byte counts behind the last 0 to 6 bytes (Witten and Bell's method C, interpolated), as models of language
 * do in their first layers: what was read lately comes again.
 */
#include <stddef.h>

struct bits;

struct bits *bits_new(void);
void bits_free(struct bits *bits);
/* Forgets everything. */
void bits_reset(struct bits *bits);
void bits_read(struct bits *bits, const char *text, size_t len);
/* Bits that `text` costs after what was read; it is read, too. */
double bits_cost(struct bits *bits, const char *text, size_t len);

#endif
