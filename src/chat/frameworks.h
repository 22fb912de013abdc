#ifndef EKE_CHAT_FRAMEWORKS_H
#define EKE_CHAT_FRAMEWORKS_H
/*
 * Which test framework a file's tests would be written with. For commands.c.
 */

/*
 * By the language and by what the beginning of the file imports, either of which may be NULL; in words for a prompt,
 * never NULL.
 */
const char *framework_of(const char *language, const char *head);

#endif
