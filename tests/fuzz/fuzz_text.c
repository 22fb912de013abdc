/*
 * text/buffer: the input steers edits, which are applied to the buffer and to the plain model of text_model.h; texts,
 * positions in both encodings and invariants must agree after each.
 */
/* Half a dozen chunks: the model reads all of its text for each position. */
#define MODEL_MAX ((size_t)20 * 1024)

#include "../unit/text_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!model_run(data, size < 2000 ? size : 2000))
		abort();
	return 0;
}
