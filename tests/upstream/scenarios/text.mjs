/** What most scenarios of the catalogue answer: more than ASCII, a surrogate pair, line ends, a quote, a backslash. */
export const TEXT = "Hello, wörld: 你好 😀!\nA \"second\" line\\path, and\n\tthe last one.";

/** Its length in pieces is above 4, which the scenarios that break off rely on. */
export const WHOLE = { text: TEXT, finish: "stop" };

export const THOUGHT = "First I look, then I leap. 想一想。";
