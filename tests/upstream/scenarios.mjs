// The catalogue: every oddity of the wire that is known from the field, by name. In parts, because it is long.

import { defineScenario, knownScenarios } from "./scenario.mjs";
import { errorScenarios } from "./scenarios/errors.mjs";
import { bodyScenarios } from "./scenarios/bodies.mjs";
import { framingScenarios } from "./scenarios/framing.mjs";
import { answerScenarios } from "./scenarios/answers.mjs";
import { endScenarios } from "./scenarios/ends.mjs";
import { fieldScenarios } from "./scenarios/field.mjs";
import { transportScenarios } from "./scenarios/transport.mjs";

for (const part of [answerScenarios, framingScenarios, endScenarios, bodyScenarios, errorScenarios, transportScenarios, fieldScenarios])
	part.forEach(defineScenario);

/** All of them, in the catalogue's order. */
export const scenarios = knownScenarios();
