/* Where VS Code's own ways differ from what the transcripts of editors/conformance take for granted. */

/** Transcripts that cannot be played, and why. */
const ITS_OWN_EDIT =
	'VS Code draws an item around closing brackets by a diff of its own, and leaves the cursor in front of those that end the item';
export const notHere = { closers: ITS_OWN_EDIT, 'closers-typed': ITS_OWN_EDIT, 'closers-utf16': ITS_OWN_EDIT };

/* Behind a character outside of the BMP, VS Code 1.139 puts the cursor one too far to the left when an item is taken. */
const cursorMended = (steps) =>
	steps.flatMap((step) => (step.press === 'accept' ? [step, { press: 'end' }] : [step]));

const changes = {
	unicode: cursorMended,
	'unicode-utf16': cursorMended,
	// A line is taken with its end.
	'accept-parts': (steps) => {
		const told = (length) => JSON.parse(JSON.stringify(steps).replace('"acceptedLength":23', `"acceptedLength":${length}`));
		return told(24).map((step) =>
			step.see?.text === 'int naïve = 1; /* 😀 */‸' ? { see: { text: 'int naïve = 1; /* 😀 */\n‸' } } : step,
		);
	},
	// VS Code asks anew after a deletion, and shows nothing until the answer is there.
	'type-through': (steps) => {
		const at = steps.findIndex(({ press }) => press === 'backspace');
		const answered = [
			{ ask: 'ret‸', as: 'third' },
			{ answer: 'third', items: [{ text: 'return 0;', left: 3 }] },
		];
		return [...steps.slice(0, at + 1), ...answered, ...steps.slice(at + 1)];
	},
};

/* VS Code knows closed files for some minutes: those of different transcripts need different names. */
function renamed(step, name) {
	for (const kind of ['expect', 'never'])
		if (name === 'big' && step[kind]?.method === 'textDocument/didOpen')
			return { [kind]: { ...step[kind], params: { textDocument: { uri: `/${name}-/` } } } };
	return 'name' in step && name !== 'accept' ? { ...step, name: `${name}-${step.name}` } : step;
}

/** A transcript for VS Code: it asks for a completion when something is typed; when a file is opened the key is pressed. */
export function asInVsCode(transcript) {
	const { name } = transcript;
	const steps = transcript.steps.flatMap((step, i) => {
		const isFirst = 'ask' in step && 'file' in (transcript.steps[i - 1] ?? {});
		return [...(isFirst ? [{ press: 'suggest' }] : []), renamed(step, name)];
	});
	return { ...transcript, steps: changes[name]?.(steps) ?? steps };
}
