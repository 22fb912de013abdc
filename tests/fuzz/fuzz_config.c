/*
 * The configuration: the input is a file's text and, behind the first NUL, the editor's settings. It is refused with a
 * sentence, or what is printed of it is a configuration that prints the same again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/utf.h"
#include "eke/config/config.h"
#include "eke/config/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_warning(void *ctx, const char *sentence)
{
	size_t *count = ctx;

	if (!sentence[0])
		abort();
	++*count;
}

static struct config *load(const char *text, size_t len, const char *settings)
{
	int fd = memfd_create("config", MFD_CLOEXEC);
	char path[64];
	struct err err = ERR_INIT;
	struct config *config;
	size_t warnings = 0;

	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	config = config_load(path, settings, on_warning, &warnings, &err);
	close(fd);
	if (!config && (err.kind != ERR_CONFIG || !err.message[0] ||
			utf8_valid_prefix(err.message, strlen(err.message)) != strlen(err.message)))
		abort();
	return config;
}

static void check(const struct config *config)
{
	struct strbuf once;
	struct strbuf twice;
	struct config *again;

	for (size_t i = 0; i < config->endpoint_count; i++)
		if (!config->endpoints[i].plan ||
		    !config_endpoint_named(config, config->endpoints[i].name))
			abort();
	config_language_enabled(config, "c");
	strbuf_init(&once, MIB(16));
	strbuf_init(&twice, MIB(16));
	config_print(config, &once);
	again = load(once.data, once.len, NULL);
	if (once.full || !again)
		abort();
	config_print(again, &twice);
	if (once.len != twice.len || memcmp(once.data, twice.data, once.len))
		abort();
	config_unref(again);
	strbuf_release(&once);
	strbuf_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const variables[] = { "EKE_BASE_URL", "EKE_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL",
						 "OPENAI_API_BASE" };
	const char *text = (const char *)data;
	const char *nul;
	char *settings;
	struct config *config;

	if (size > KIB(64))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		unsetenv(variables[i]);
	log_set_level(LOG_BROKEN);
	nul = memchr(data, '\0', size);
	settings = nul ? xstrndup(nul + 1, size - (size_t)(nul + 1 - text)) : NULL;
	config = load(text, nul ? (size_t)(nul - text) : size, settings);
	if (config)
		check(config);
	config_unref(config);
	free(settings);
	return 0;
}
