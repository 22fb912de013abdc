#ifndef EKE_CHAT_BUILTIN_COMMANDS_H
#define EKE_CHAT_BUILTIN_COMMANDS_H
/*
 * The table of built-in commands; for commands.c, which adds the user's own.
 */
#include "eke/chat/commands.h"

extern const struct command builtin_commands[];
extern const size_t builtin_command_count;

#endif
