#ifndef EKE_IO_LOOP_PRIVATE_H
#define EKE_IO_LOOP_PRIVATE_H
/*
 * libev's loop, for the other files of src/io/ only.
 */
struct ev_loop;
struct loop;

struct ev_loop *loop_ev(struct loop *loop);

#endif
