// Writes a model for llama.cpp that says one sentence, whatever it is asked: weights by hand, nothing to download.
//
//     node tests/llama/gguf.mjs FILE
//
// It is a llama with one layer whose attention and feed-forward weights are zero, so that what leaves the layer is the
// embedding of the last token. Embeddings are one-hot and the output matrix maps each token to its successor: a table.
// Every token leads to the first of ANSWER, each of those to the next, and the last one to the end of the text.
//
// Format: GGUF 3 (described in ggml's docs); keys and tensor names as llama.cpp's llama architecture reads them.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const NORMAL = 1;
const UNKNOWN = 2;
const CONTROL = 3;
const BYTE = 6;

/** What the model says, token by token. The two bytes of é are tokens of their own: the server must join them. */
const ANSWER = ['return', '▁left', '▁+▁', 'right;', '▁/*▁caf', 0xc3, 0xa9, '▁*/'];

/** The text of ANSWER, as a client sees it. */
export const SENTENCE = 'return left + right; /* café */';

/** How many tokens that is, the end not counted. */
export const SENTENCE_TOKENS = ANSWER.length;

const CHAT_TEMPLATE = '{% for message in messages %}<|{{ message.role }}|>\n{{ message.content }}\n{% endfor %}' +
	'{% if add_generation_prompt %}<|assistant|>\n{% endif %}';

const WIDTH = 384; // not less than the vocabulary, a multiple of the heads' 64
const HEADS = 6;
const FEED_FORWARD = 64;
const ALIGNMENT = 32;

const byteToken = (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;

function vocabulary() {
	const tokens = [];
	const ids = new Map();
	const add = (text, type) => {
		ids.set(text, tokens.length);
		tokens.push({ text, type });
	};
	add('<unk>', UNKNOWN);
	add('<s>', CONTROL);
	add('</s>', CONTROL);
	for (let byte = 0; byte < 256; byte++)
		add(byteToken(byte), BYTE);
	for (let code = 0x21; code < 0x7f; code++)
		add(String.fromCharCode(code), NORMAL);
	add('▁', NORMAL);
	// No two of their letters are a token, so a prompt never contains them: they are only ever said.
	for (const piece of ANSWER)
		if (typeof piece === 'string')
			add(piece, NORMAL);
	for (const name of ['prefix', 'suffix', 'middle'])
		add(`<|fim_${name}|>`, CONTROL);
	return { tokens, ids };
}

/** The successor of each token, by id. */
function successors({ tokens, ids }) {
	const answer = ANSWER.map((piece) => ids.get(typeof piece === 'string' ? piece : byteToken(piece)));
	const next = tokens.map(() => answer[0]);
	answer.forEach((id, i) => {
		next[id] = answer[i + 1] ?? ids.get('</s>');
	});
	return next;
}

/** Bytes in GGUF's little-endian encodings. */
class Writer {
	#chunks = [];
	length = 0;

	bytes(buffer) {
		this.#chunks.push(buffer);
		this.length += buffer.length;
	}

	u32(value) {
		const buffer = Buffer.alloc(4);
		buffer.writeUInt32LE(value);
		this.bytes(buffer);
	}

	i32(value) {
		const buffer = Buffer.alloc(4);
		buffer.writeInt32LE(value);
		this.bytes(buffer);
	}

	u64(value) {
		const buffer = Buffer.alloc(8);
		buffer.writeBigUInt64LE(BigInt(value));
		this.bytes(buffer);
	}

	f32(value) {
		const buffer = Buffer.alloc(4);
		buffer.writeFloatLE(value);
		this.bytes(buffer);
	}

	bool(value) {
		this.bytes(Buffer.from([value ? 1 : 0]));
	}

	string(value) {
		const buffer = Buffer.from(value, 'utf8');
		this.u64(buffer.length);
		this.bytes(buffer);
	}

	pad(alignment) {
		const over = this.length % alignment;
		if (over > 0)
			this.bytes(Buffer.alloc(alignment - over));
	}

	whole() {
		return Buffer.concat(this.#chunks);
	}
}

// Value types of GGUF, by the Writer's method that writes one.
const TYPES = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8 };
const ARRAY = 9;
const F32 = 0;

function metadata(vocab) {
	const { tokens, ids } = vocab;
	return [
		['general.architecture', 'string', 'llama'],
		['general.name', 'string', 'eke-table'],
		['llama.context_length', 'u32', 8192],
		['llama.embedding_length', 'u32', WIDTH],
		['llama.block_count', 'u32', 1],
		['llama.feed_forward_length', 'u32', FEED_FORWARD],
		['llama.attention.head_count', 'u32', HEADS],
		['llama.attention.head_count_kv', 'u32', HEADS],
		['llama.attention.layer_norm_rms_epsilon', 'f32', 1e-6],
		['llama.rope.dimension_count', 'u32', WIDTH / HEADS],
		['tokenizer.ggml.model', 'string', 'llama'],
		['tokenizer.ggml.tokens', 'string', tokens.map((token) => token.text)],
		['tokenizer.ggml.scores', 'f32', tokens.map((token, id) => -id)],
		['tokenizer.ggml.token_type', 'i32', tokens.map((token) => token.type)],
		['tokenizer.ggml.unknown_token_id', 'u32', ids.get('<unk>')],
		['tokenizer.ggml.bos_token_id', 'u32', ids.get('<s>')],
		['tokenizer.ggml.eos_token_id', 'u32', ids.get('</s>')],
		['tokenizer.ggml.fim_pre_token_id', 'u32', ids.get('<|fim_prefix|>')],
		['tokenizer.ggml.fim_suf_token_id', 'u32', ids.get('<|fim_suffix|>')],
		['tokenizer.ggml.fim_mid_token_id', 'u32', ids.get('<|fim_middle|>')],
		['tokenizer.ggml.add_bos_token', 'bool', true],
		['tokenizer.ggml.add_space_prefix', 'bool', false],
		['tokenizer.chat_template', 'string', CHAT_TEMPLATE],
	];
}

/** The tensors: name, dimensions (the first one varies fastest) and a function that fills in what is not zero. */
function tensors(vocab) {
	const next = successors(vocab);
	const count = vocab.tokens.length;
	const ones = (data) => data.fill(1);
	const zeros = () => {};
	return [
		['token_embd.weight', [WIDTH, count], (data) => next.forEach((_, id) => (data[id * WIDTH + id] = 1))],
		['output_norm.weight', [WIDTH], ones],
		// The norm makes sqrt(WIDTH), about 20, of the one: no temperature finds another token.
		['output.weight', [WIDTH, count], (data) => next.forEach((to, id) => (data[to * WIDTH + id] = 2))],
		['blk.0.attn_norm.weight', [WIDTH], ones],
		['blk.0.attn_q.weight', [WIDTH, WIDTH], zeros],
		['blk.0.attn_k.weight', [WIDTH, WIDTH], zeros],
		['blk.0.attn_v.weight', [WIDTH, WIDTH], zeros],
		['blk.0.attn_output.weight', [WIDTH, WIDTH], zeros],
		['blk.0.ffn_norm.weight', [WIDTH], ones],
		['blk.0.ffn_gate.weight', [WIDTH, FEED_FORWARD], zeros],
		['blk.0.ffn_up.weight', [WIDTH, FEED_FORWARD], zeros],
		['blk.0.ffn_down.weight', [FEED_FORWARD, WIDTH], zeros],
	];
}

function writeValue(writer, type, value) {
	if (!Array.isArray(value)) {
		writer.u32(TYPES[type]);
		writer[type](value);
		return;
	}
	writer.u32(ARRAY);
	writer.u32(TYPES[type]);
	writer.u64(value.length);
	for (const element of value)
		writer[type](element);
}

/** The model file's bytes. */
export function model() {
	const vocab = vocabulary();
	if (vocab.tokens.length > WIDTH)
		throw new Error(`${vocab.tokens.length} tokens need a width of as many`);
	const values = metadata(vocab);
	const all = tensors(vocab);
	const writer = new Writer();
	writer.bytes(Buffer.from('GGUF'));
	writer.u32(3);
	writer.u64(all.length);
	writer.u64(values.length);
	for (const [key, type, value] of values) {
		writer.string(key);
		writeValue(writer, type, value);
	}
	let offset = 0;
	for (const [name, dimensions] of all) {
		writer.string(name);
		writer.u32(dimensions.length);
		dimensions.forEach((dimension) => writer.u64(dimension));
		writer.u32(F32);
		writer.u64(offset);
		const size = 4 * dimensions.reduce((a, b) => a * b);
		offset += Math.ceil(size / ALIGNMENT) * ALIGNMENT;
	}
	for (const [, dimensions, fill] of all) {
		writer.pad(ALIGNMENT);
		const data = new Float32Array(dimensions.reduce((a, b) => a * b));
		fill(data);
		writer.bytes(Buffer.from(data.buffer));
	}
	return writer.whole();
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
	const bytes = model();
	writeFileSync(process.argv[2], bytes);
	console.log(`${process.argv[2]}: ${bytes.length} bytes, sha256 ${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`);
}
