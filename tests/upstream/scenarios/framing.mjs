// How events are spelt (providers.md 3.1).
import { TEXT, WHOLE } from "./text.mjs";

export const framingScenarios = [
	{ name: "crlf", section: "3.1", about: "lines end in CR LF", answer: TEXT, eol: "crlf", expect: WHOLE },
	{ name: "cr", section: "3.1", about: "lines end in a lone CR", answer: TEXT, eol: "cr", expect: WHOLE },
	{ name: "no-space", section: "3.1", about: "data:{…} and data:[DONE]", answer: TEXT, space: false, expect: WHOLE },
	{ name: "bom", section: "3.1", about: "a byte order mark before the first line", answer: TEXT, bom: true, expect: WHOLE },
	{ name: "comments", section: "3.1", about: "every keep-alive comment that is known, between and directly before events", answer: TEXT, comments: true, expect: WHOLE },
	{ name: "comment-first", section: "3.1", about: "comments before the first event", answer: TEXT, comments: [": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n"], expect: WHOLE },
	{ name: "fields-unknown", section: "3.1", about: "id, retry, unknown fields, a field without colon, events with empty data or none", answer: TEXT, extraFields: true, expect: WHOLE },
	{ name: "event-type", section: "3.1", about: "event: message with every event", answer: TEXT, eventType: "message", expect: WHOLE },
	{ name: "empty-lines-first", section: "3.1", about: "empty lines before the first event", answer: TEXT, leadingEmptyLines: 9, expect: WHOLE },
	{ name: "data-multi-line", section: "3.1", about: "the JSON over many data: lines", answer: TEXT, multiLineData: true, expect: WHOLE },
	{ name: "data-multi-line-crlf", section: "3.1", about: "… with CR LF and no space", answer: TEXT, multiLineData: true, eol: "crlf", space: false, expect: WHOLE },
	{ name: "array-payload", section: "3.1", about: "three chunks in one JSON array (llama.cpp)", answer: TEXT, arrayPayload: true, expect: WHOLE },
	{ name: "no-blank-line-at-eof", section: "3.1", about: "the last event lacks its blank line", answer: TEXT, noBlankLineAtEof: "line", expect: WHOLE },
	{ name: "no-line-end-at-eof", section: "3.1", about: "… and its line end; it is the finish chunk", answer: TEXT, noBlankLineAtEof: "data", done: null, expect: WHOLE },
	{ name: "one-byte", section: "3.1", about: "the stream a byte at a time", answer: TEXT, splitBytes: 1, expect: WHOLE },
	{ name: "one-byte-crlf", section: "3.1", about: "… with CR LF, so that CR and LF part", answer: TEXT, splitBytes: 1, eol: "crlf", bom: true, expect: WHOLE },
	{ name: "seven-bytes", section: "3.1", about: "seven bytes at a time: cuts UTF-8 and JSON anywhere", answer: TEXT, splitBytes: 7, expect: WHOLE },
	{ name: "one-write", section: "1.7 (#41)", about: "the whole stream in one write", answer: TEXT, splitAt: [], expect: WHOLE },
	{ name: "content-type-json", section: "3.4", about: "a stream that says application/json", answer: TEXT, headers: { "content-type": "application/json" }, expect: WHOLE },
	{ name: "content-type-plain", section: "3.4", about: "a stream that says text/plain", answer: TEXT, headers: { "content-type": "text/plain" }, expect: WHOLE },
	{ name: "everything-at-once", section: "3.1 to 3.3", about: "BOM, CR LF, no space, comments, odd fields, empty choices, null content, pseudo error, one byte at a time", answer: TEXT, bom: true, eol: "crlf", space: false, comments: true, extraFields: true, emptyChoices: true, contentNull: true, role: "every", pseudoError200: true, usage: "everyChunk", splitBytes: 1, expect: WHOLE },
];
