#ifndef EKE_TEXT_URI_H
#define EKE_TEXT_URI_H
/*
 * Document URIs (LSP 3.18, "URI"; RFC 3986, RFC 8089). Editors spell the same file in different ways: VS Code
 * file:///c%3A/x, others file:///C:/x; some encode '(' or '+', some do not. Documents are therefore told apart by
 * uri_key() and never by the URI's own text. Pure functions over terminated strings; results are owned by the caller
 * (free()), NULL where there is none.
 */
#include "eke/base/attrs.h"

/*
 * The path of a local file. NULL if the scheme is not file:, if the path is relative or if it holds %00. A Windows
 * drive has no leading slash ("c:/x"), a host other than localhost makes "//host/share/x". The bytes are what the file
 * system has: not necessarily valid UTF-8.
 */
MUST_USE char *uri_to_path(const char *uri);
/*
 * The decoded path part of any URI, for rules that look at names (ignore.h) and for showing: of
 * untitled:Untitled-1 "Untitled-1", of vscode-notebook-cell:/x/y.ipynb#W0 and git:/x/y.ipynb?{…} the file's path. A
 * string without a scheme is taken as a path. %00 becomes '?'. Never NULL.
 */
RETURNS_NONNULL MUST_USE char *uri_path_part(const char *uri);
/* file: URI of an absolute path ("/x", "C:\x", "c:/x", "//host/x"); NULL for a relative one. */
MUST_USE char *uri_from_path(const char *path);
/*
 * The spelling by which URIs are compared: scheme in lower case, file: forms made one (file:/x, file:///x,
 * file://localhost/x), drive letters in lower case, everything percent-encoded that is not unreserved (RFC 3986, 2.3)
 * or one of / ? #, with upper-case digits. NULL if the URI is longer than LIMIT_URI.
 */
MUST_USE char *uri_key(const char *uri);

/* The last component's extension without the dot, pointing into path; "" if it has none (".bashrc" has none). */
RETURNS_NONNULL const char *path_extension(const char *path);

#endif
