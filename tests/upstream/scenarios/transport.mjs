// Connections that stall or break, and odd HTTP (providers.md 3.3, 3.4). A stall lasts until the client gives up or the test calls
// record.release(): set short timeouts.
import { TEXT, WHOLE } from "./text.mjs";

const PIECES = ["Hello", ", ", "world", "!"];

export const transportScenarios = [
	{ name: "stall-head", section: "contract timeouts", about: "accepts, never answers", answer: TEXT, stall: "head", expect: { errorKind: "timeout", stalls: true } },
	{ name: "stall-first-byte", section: "contract timeouts", about: "200, and no first byte of the body", answer: TEXT, stall: "firstByte", expect: { errorKind: "timeout", stalls: true } },
	{ name: "stall-after-text", section: "contract timeouts", about: "stops after two pieces of text: they are kept", answer: PIECES, role: "never", stall: 2, expect: { text: "Hello, ", finish: "truncated", stalls: true } },
	{ name: "stall-before-done", section: "3.3", about: "a finish reason, then silence: complete all the same", answer: PIECES, role: "never", stall: 5, expect: { text: "Hello, world!", finish: "stop", stalls: true } },

	{ name: "cut-before-head", section: "4.2 g", about: "the connection is closed instead of an answer", cutBeforeHead: true, expect: { errorKind: "network" } },
	{ name: "reset-before-head", section: "4.2 g", about: "… reset", cutBeforeHead: true, reset: true, expect: { errorKind: "network" } },
	{ name: "cut-after-head", section: "4.2 g", about: "200, then closed", answer: PIECES, cutAfter: 0, expect: { errorKind: "network" } },
	{ name: "cut-after-text", section: "3.3", about: "closed after two pieces of text", answer: PIECES, role: "never", cutAfter: 2, expect: { text: "Hello, ", finish: "truncated" } },
	{ name: "cut-inside-event", section: "3.3", about: "… and half of the third", answer: PIECES, role: "never", cutAfter: 2, cutInside: true, expect: { text: "Hello, ", finish: "truncated" } },
	{ name: "cut-after-finish", section: "3.3", about: "closed between the finish reason and [DONE]: complete", answer: PIECES, role: "never", cutAfter: 5, usage: "none", expect: { text: "Hello, world!", finish: "stop" } },
	{ name: "cut-inside-json", section: "3.4", about: "half of a whole chat.completion, then closed", answer: TEXT, whole: true, cutInside: true, expect: { errorKind: "network" } },

	{ name: "http-close-delimited", section: "HTTP/1.1", about: "no chunks, no length: the end of the connection ends the stream", answer: TEXT, framing: "close", expect: WHOLE },
	{ name: "http-close-announced", section: "HTTP/1.1", about: "Connection: close", answer: TEXT, keepOpen: "announce", expect: WHOLE },
	{ name: "http-close-silent", section: "HTTP/1.1", about: "the idle connection is closed without a word; the next request must not fail", answer: TEXT, keepOpen: "drop", expect: WHOLE },
	{ name: "flood", section: "design 4.6", about: "20,000 deltas as fast as they go", flood: { events: 20000, text: "word " }, expect: { text: "word ".repeat(20000), finish: "stop" } },
];
