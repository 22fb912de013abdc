import { fileURLToPath } from 'node:url';

/** Where each test process leaves what it has seen of the contract; ../coverage.mjs adds it up. */
export const COVERAGE = fileURLToPath(new URL('../../../build/coverage/', import.meta.url));
