#ifndef EKE_FRONT_HELP_H
#define EKE_FRONT_HELP_H
/*
 * What --help says of the program and of each command: lines of at most 80 columns. main.c has the functions that the
 * names stand for.
 */
#include <stdbool.h>

/* Prints the help of all. */
void help_print(void);
/* Prints that of one command; false: there is no such command. */
bool help_print_command(const char *name);

#endif
