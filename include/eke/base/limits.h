#ifndef EKE_BASE_LIMITS_H
#define EKE_BASE_LIMITS_H
/*
 * Every maximum of everything that comes from outside or can grow, in one place: what a stranger, an editor, an
 * endpoint or a file can make eke hold in memory is the sum of these. Bytes unless the name says otherwise.
 */

#define KIB(n) ((size_t)(n) * 1024)
#define MIB(n) ((size_t)(n) * 1024 * 1024)

/* --- base: JSON --- */
#define LIMIT_JSON_DEPTH 128              /* nesting; deeper input is refused */
#define LIMIT_JSON_TREES MIB(128)         /* the trees of one pool: a value of two bytes takes 64 in a tree */
#define LIMIT_ERR_MESSAGE 512             /* a sentence for the user */
#define LIMIT_ERR_PROVIDER 1024           /* what the provider said, cut on a character */
#define LIMIT_LOG_LINE KIB(8)             /* a log line; the rest is cut and marked */
#define LIMIT_LOG_SECRETS 32              /* strings the log masks */

/* --- config --- */
#define LIMIT_CONFIG_FILE MIB(1)
#define LIMIT_ENDPOINTS 16
#define LIMIT_FALLBACK_URLS 4
#define LIMIT_HEADERS 16                  /* extra headers of an endpoint */
#define LIMIT_PLANS 32
#define LIMIT_PLAN_WINDOWS 8
#define LIMIT_IGNORE_PATTERNS 512
#define LIMIT_USER_COMMANDS 100           /* chat.commands of one configuration */
#define LIMIT_COMMAND_NAME 64
#define LIMIT_KEY_ARGS 32                 /* words of a key command */
#define LIMIT_KEY KIB(4)                  /* an API key */
#define LIMIT_KEY_COMMAND_SECONDS 60      /* a password manager may ask its user */

/* --- io --- */
#define LIMIT_READ_CHUNK KIB(16)          /* one read of standard input */
#define LIMIT_RECEIVE_CHUNK KIB(64)       /* one read of an answer */
#define LIMIT_OUT_QUEUE MIB(64)           /* bytes waiting for a reader of our standard output; more: give up on it */
#define LIMIT_OUT_HIGH_WATER KIB(256)     /* above it, stream deltas wait and merge */

/* --- rpc --- */
#define LIMIT_MESSAGE MIB(32)             /* one message from a client */
#define LIMIT_HEADER_LINE 256             /* one header line of Content-Length framing */
#define LIMIT_HEADER_LINES 16
#define LIMIT_ID 256                      /* raw text of a request id */
#define LIMIT_METHOD 128
#define LIMIT_REQUESTS_IN_FLIGHT 1024
#define LIMIT_CALLS_TO_CLIENT 64          /* our requests to the client that wait for its answer */

/* --- text --- */
#define LIMIT_DOCUMENT MIB(16)            /* one open document; larger ones are known but not kept */
#define LIMIT_DOCUMENTS 4096
#define LIMIT_NOTEBOOKS 1024              /* whose cells' order is known; those of others are documents like any */
#define LIMIT_NOTEBOOK_CELLS 16384        /* of one notebook whose order is known */
#define LIMIT_DOCUMENTS_KNOWN 65536       /* with those whose text is not kept */
#define LIMIT_DOCUMENTS_BYTES MIB(128)    /* all their texts */
#define LIMIT_URI KIB(8)
#define LIMIT_LANGUAGE_ID 64              /* a languageId; the rest is cut */
#define LIMIT_IGNORE_PATTERN 1024         /* one line of gitignore syntax */
#define LIMIT_IGNORE_RULES 8192           /* of all sources together */
#define LIMIT_IGNORE_STEPS 2000000        /* rules and characters compared for one file; some milliseconds */
#define LIMIT_IGNORE_VERDICTS 1024        /* files of which is known whether they may leave */
#define LIMIT_IGNORE_DEPTH 256            /* directories between a folder and a file in it */
#define LIMIT_IGNORE_FILE MIB(1)          /* a .gitignore */
#define LIMIT_IGNORE_BYTES MIB(8)         /* all of them */
#define LIMIT_IGNORE_DIRS 4096            /* directories of which is known whether they have one */
#define LIMIT_EDITORCONFIG_FILE KIB(128)  /* an .editorconfig */
#define LIMIT_EDITORCONFIG_PATH 768       /* of a file for which .editorconfig is read; with ... */
#define LIMIT_EDITORCONFIG_PATTERN 256    /* ... this, eight bytes for each fit into the library's 8,194 */
#define LIMIT_EDITORCONFIG_STEPS 4e6      /* of comparing patterns with a path, at most; each takes some 16 ns */
#define LIMIT_EDITORCONFIG_WILDCARDS 8    /* braces of a pattern, and stars of one of its alternatives */
#define LIMIT_FOLDERS 64                  /* of a workspace */
#define LIMIT_KEPT 64                     /* copies of damaged databases that are told of */
#define LIMIT_STATE_FILES 1024            /* of the state directory, that are compared with a file of several names */

#define LIMIT_DIFF_STEPS 1000             /* lines that differ, before two texts count as different in all */

/* --- budget --- */
#define LIMIT_WINDOW_ENTRIES 100000       /* requests one window may count: the largest "limit" a plan may have */
#define LIMIT_LEARNED_WINDOWS 8           /* windows of a service that the provider's words taught */
#define LIMIT_REPORT_WINDOWS (LIMIT_PLAN_WINDOWS + LIMIT_LEARNED_WINDOWS)
#define LIMIT_BUDGET_MODEL 128            /* a model's name in the ledger; longer ones are cut */
#define LIMIT_SERVICE 272                 /* a host and a port; longer ones are cut */
#define LIMIT_PLAN_NAME 128               /* in the ledger; longer ones are cut */
#define LIMIT_ZONE_NAME 64                /* a name of the tz database */
#define LIMIT_COOLDOWNS 16                   /* of one service, that may concern one key */
#define LIMIT_REDIS_URL 1024              /* the address of a shared ledger */
#define LIMIT_REDIS_SHOWN 320             /* ... as it is shown; longer ones are cut */
#define LIMIT_REDIS_REPLY MIB(4)          /* an answer of it, as it comes in */
#define LIMIT_REDIS_ELEMENTS 1024         /* ... as a list */
#define LIMIT_REDIS_NEWS 256              /* what others wrote, told in one answer */
#define LIMIT_REDIS_OWED 128              /* what we wrote, told in one call */
#define LIMIT_REDIS_MEMBERS 64            /* machines that share it, of those heard of within a day */
#define LIMIT_SPARES 16 /* that may be sent while it cannot be asked; see redis_ledger.lua */
#define LIMIT_REDIS_PAGES 4096            /* answers that bring events before the two are in step */
#define LIMIT_REDIS_ADDRESSES 8           /* of its host; each is tried */
#define LIMIT_REDIS_CALLS 1024            /* calls that wait for its answer */

/* --- upstream --- */
#define LIMIT_TRANSFERS 1024              /* HTTP transfers under way */
#define LIMIT_CONNECTIONS 64              /* kept open for reuse */
#define LIMIT_HTTP_HEAD KIB(32)           /* the headers of a response; what is more is not looked at */
#define LIMIT_SSE_LINE MIB(4)             /* one line of an event stream */
#define LIMIT_SSE_EVENT MIB(4)            /* one event's data, all its lines */
#define LIMIT_BODY MIB(8)                 /* a body that is not a stream (JSON answer, error page) */
#define LIMIT_ANSWER_VALUES 100000        /* JSON values of one event or body; parsing them takes some milliseconds */
#define LIMIT_TURN_BYTES KIB(256)         /* of one response, taken in before the loop has its turn */
#define LIMIT_EXPANDED MIB(1)             /* of a compressed response, before it is asked how well it was compressed: */
#define LIMIT_EXPANSION 500               /* times what came; the worst that gzip can do is 1,032 times */
#define LIMIT_HTTP_READ KIB(16)           /* one read of a response, which is decompressed at once */
#define LIMIT_RESPONSE MIB(256)           /* of an answer with all that stands around its text */
#define LIMIT_REFUSAL_MS 5000             /* for the body of an error */
#define LIMIT_DRAIN_MS 2000               /* for a response to end whose end was seen */
#define LIMIT_ANSWER MIB(8)               /* text of one streamed answer */
#define LIMIT_LOCAL_SERVERS 8             /* addresses on this machine where a server is looked for */
#define LIMIT_LOCAL_MODELS 256            /* of one of these that are looked at */
#define LIMIT_MODELS 4096                 /* entries taken from a model list */
#define LIMIT_USAGE_HOURS 48              /* of a provider's own count of requests */
#define LIMIT_STENCIL KIB(2)              /* what stands around the text of an event; for longer ones each is parsed */
#define LIMIT_SSE_TYPE 64                 /* name of an event; a longer one counts as none */
#define LIMIT_URL KIB(2)                  /* a base URL */
#define LIMIT_RETRY_SECONDS (31 * 86400)  /* the longest wait that an endpoint can impose; longer ones count as this */
#define LIMIT_STATED_PERIOD (366 * 86400)  /* seconds: the longest period of a limit that a provider states */
#define LIMIT_TOKEN_SCALES 64             /* pairs of endpoint and model whose tokens are known */
#define LIMIT_STOP 4                      /* stop strings sent; OpenAI refuses a request with more */

/* --- context: what a prompt shows beside the text around the cursor --- */
#define LIMIT_CONTEXT_NAMES 65536         /* identifiers that are known; then everything is read again */
#define LIMIT_CONTEXT_FILE KIB(256)       /* one file or document; of longer ones only the beginning is looked at */
#define LIMIT_CONTEXT_PIECES 8192         /* of one of them */
#define LIMIT_CONTEXT_FILES 192           /* of which is known what they hold; with their texts and indexes ... */
#define LIMIT_CONTEXT_BYTES MIB(12)       /* ... they take so much; the one used longest ago goes first */
#define LIMIT_CONTEXT_RELATED 48          /* files that one document imports or that lie beside it */
#define LIMIT_CONTEXT_DOCUMENTS 24        /* open documents that are looked at, the last used ones */
#define LIMIT_CONTEXT_DIRECTORY 512       /* entries of a directory that are looked at */
#define LIMIT_CONTEXT_BELOW 64            /* directories of a folder in which imported files are looked for */
#define LIMIT_CONTEXT_SNAPSHOTS MIB(2)    /* texts of documents as they were before the last minutes' changes */
#define LIMIT_CONTEXT_WAIT_MS 150         /* a request waits so long for files to be read */
#define LIMIT_CHAT_CONTEXT_TOKENS 1024    /* of context with a chat or an edit, where the configuration does not say */
#define LIMIT_CONTEXT_TOKENS 4096         /* of context, where the configuration does not say */

/* --- complete --- */
#define LIMIT_PROMPT MIB(1)               /* one completion's, with its context */
#define LIMIT_COMPLETION KIB(64)          /* raw answer used for one completion */
#define LIMIT_COMPLETION_TEXT KIB(96)     /* text inserted by one: indentation and line ends may lengthen it */
#define LIMIT_COMPLETION_LINES 24         /* lines of one, where the configuration does not say */
#define LIMIT_PREFIX_EXCERPT 6000         /* before the cursor in a request; with the next some 2700 tokens of code */
#define LIMIT_SUFFIX_EXCERPT 2000         /* text after it */
#define LIMIT_SYMBOL_SEARCH KIB(256)      /* before the cursor, and after it, in which a name is looked for */
#define LIMIT_CACHE_ENTRIES 512           /* completion answers kept in memory */
#define LIMIT_CACHE_BYTES MIB(2)
#define LIMIT_CACHE_TAIL 512              /* bytes before the cursor that an answer depends on */
#define LIMIT_CACHE_HEAD 256              /* bytes after it */
#define LIMIT_CACHE_TYPED 2048            /* how far back an answer is looked for */
#define LIMIT_FEEDBACK_DOCUMENTS 64       /* documents whose suggestions' fates are remembered */
#define LIMIT_CACHE_NEGATIVE_MS 600000    /* how long "nothing to add here" holds */
#define LIMIT_DISK_CACHE_ROWS 16384       /* answers kept on the disk, for all documents and processes */
#define LIMIT_DISK_CACHE_BYTES MIB(16)    /* ... their texts and what rows take beside it */
#define LIMIT_DISK_CACHE_AGE_MS (14LL * 86400 * 1000) /* ... since they were given */
#define LIMIT_DISK_CACHE_DOCUMENT_ROWS 64 /* taken into memory when a document is first asked about */
#define LIMIT_DISK_CACHE_DOCUMENT_BYTES KIB(512)
#define LIMIT_DISK_CACHE_DOCUMENTS 128    /* documents of which is remembered what was taken into memory */
#define LIMIT_DISK_CACHE_QUEUE 128        /* things to be written that wait for their turn */
#define LIMIT_DISK_CACHE_QUEUE_BYTES MIB(1)
#define LIMIT_DISK_CACHE_WAIT_MS 30000    /* for another process's question */
#define LIMIT_OFFLINE_BYTES MIB(16)       /* text the offline engine knows; its index takes up to three times that */
#define LIMIT_OFFLINE_DOCUMENT MIB(2)     /* one document of that; larger ones are left out */
#define LIMIT_OFFLINE_DOCUMENTS 4096
#define LIMIT_OFFLINE_EXCERPT KIB(8)      /* text before or behind the cursor that it looks at */

/* --- chat --- */
#define LIMIT_CHAT_KEPT 8                 /* answers that nobody waited for any more, kept for the same question */
#define LIMIT_CHAT_MESSAGES 2048          /* in one request */
#define LIMIT_CHAT_PROMPT MIB(8)          /* all of a request's messages */
#define LIMIT_CHAT_TURNS 4096             /* of one conversation */
#define LIMIT_CHATS_LISTED 10000          /* of one page */
#define LIMIT_CHATS_AT_WORK 64            /* conversations that are being answered, in one process */
#define LIMIT_TITLE 256                   /* of a conversation */
#define LIMIT_CONTEXT_ITEMS 64            /* things that go with a question */
#define LIMIT_CONTEXT_PIECE MIB(1)        /* one of them */
#define LIMIT_MENTIONS 4096               /* words of a prompt that could name a file and are looked for */
#define LIMIT_COMMANDS (16 + 2 * LIMIT_USER_COMMANDS)
#define LIMIT_COMMAND_ERRORS KIB(4)       /* of what a command says on standard error; the rest is not kept */
#define LIMIT_DIFF MIB(4)                 /* what is staged */
#define LIMIT_DIFF_SECONDS 10             /* for git to say it */
#define LIMIT_GIT_FILTERS KIB(16)         /* names of filters that a repository's configuration has */
#define LIMIT_EXPORT MIB(64)              /* a conversation as one text */

/* --- front --- */
#define LIMIT_SESSIONS 256                /* of ACP, open in one process */
#define LIMIT_MODELS_KNOWN 64              /* models whose quirks one process holds in memory */
#define LIMIT_MODELS_OFFERED 256          /* of one endpoint, in a list to choose from */

/* --- the gateway --- */
#define LIMIT_GATEWAY_BODY MIB(16)           /* of a request; images stand in it */
#define LIMIT_GATEWAY_BODIES MIB(128)        /* of all requests at a time */
#define LIMIT_GATEWAY_HEAD KIB(32)           /* memory of a connection, for heads and pieces of bodies */
#define LIMIT_GATEWAY_CONNECTIONS 600
#define LIMIT_GATEWAY_FILES 2048             /* open ones: connections on both sides, and what else there is */
#define LIMIT_GATEWAY_IDLE_SECONDS 120       /* a client may be idle for so long */
#define LIMIT_GATEWAY_HEAD_SECONDS 10        /* ... and take so long for all of a request's head, */
#define LIMIT_GATEWAY_BODY_SECONDS 60        /* ... and of its body */
#define LIMIT_GATEWAY_CLIENTS 12             /* that have a token; the log masks all of these */
#define LIMIT_GATEWAY_RECORD KIB(64)         /* what it tells `eke status` */
#define LIMIT_GATEWAY_PEM KIB(256)           /* a file with certificates, or with a key */
#define LIMIT_GATEWAY_BACKLOG KIB(256)       /* of a reply that its client has not read yet */
#define LIMIT_GATEWAY_KEPT MIB(1)            /* of a response that is kept; of larger ones nothing is */
#define LIMIT_GATEWAY_KEPT_BYTES MIB(32)     /* of all of these */
#define LIMIT_GATEWAY_KEPT_COUNT 1024
#define LIMIT_GATEWAY_ABANDONED MIB(64)      /* of those under way whose clients have gone: bodies, and what has come */
#define LIMIT_GATEWAY_WAITING 64             /* requests that wait for the budget */
#define LIMIT_GATEWAY_WAIT_SECONDS 3600      /* X-Eke-Wait */
#define LIMIT_GATEWAY_ORIGINS 16             /* web pages that may use it */

#endif
