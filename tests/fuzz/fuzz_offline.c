/*
 * complete/offline: the input steers edits and questions (tests/unit/offline_driver.h). Answers keep their promises,
 * the index stays as if it had just been made.
 */
#include "../unit/offline_driver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	drive(data, size < 4000 ? size : 4000);
	return 0;
}
