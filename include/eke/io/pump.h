#ifndef EKE_IO_PUMP_H
#define EKE_IO_PUMP_H
/*
 * Reads a descriptor as bytes come, and says when they end. Works for pipes, sockets, terminals and files.
 */
#include <stddef.h>

#include "eke/io/loop.h"

struct pump;

struct pump_callbacks {
	/* Bytes, gone after the call. */
	void (*bytes)(void *ctx, const char *data, size_t len);
	/* No more bytes: reason 0 at the end of the stream, else an errno. Once. */
	void (*end)(void *ctx, int reason);
	void *ctx;
};

/* The descriptor stays the caller's. */
struct pump *pump_new(struct loop *loop, int fd, const struct pump_callbacks *callbacks);
void pump_free(struct pump *pump);

/*
 * First of all: where the program was started without one of its three standard descriptors, /dev/null takes its
 * place. Else the next file or socket would, and what is meant for standard output or error would go there. A missing
 * standard output is opened for reading, so that writing to it is an error still.
 */
void stdio_fill(void);

/*
 * At the start of a program that speaks a protocol on descriptor 1: moves it aside, lets 1 point to standard
 * error, so that a stray printf of a library cannot break the protocol, and returns the new descriptor. -1 with
 * errno on failure, as where 1 cannot be written to.
 */
int stdio_claim_stdout(void);

#endif
