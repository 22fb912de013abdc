/*
 * Tokens, counted by a real vocabulary (js-tiktoken) beside eke's guess of them: on this repository's sources, JSON, minified
 * code, Chinese, and text that is none. The guess shows where a service sends no usage; usage teaches it.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { getEncoding } from 'js-tiktoken';

import { configFor, startServer, withUpstream } from './harness.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PIECE = 6000;

/* OpenAI's cookbook: three for each message and one for its role, three before the answer. */
const FRAME = 3 + 1 + 3;
const vocabularies = ['cl100k_base', 'o200k_base'].map((name) => getEncoding(name));

const countWith = (vocabulary, text) => vocabulary.encode(text, [], []).length + FRAME;

/** Up to `most` pieces of a text, from its beginning on. */
const pieces = (text, most = 3) => (text.match(new RegExp(`[^]{1,${PIECE}}`, 'gu')) ?? []).filter((piece) => piece.length > 1000).slice(0, most);

const filesOf = (folder, ending) => readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(ending))
	.map((name) => readFileSync(join(ROOT, folder, name), 'utf8'));

const sources = (folder, ending, every) => filesOf(folder, ending).filter((_, n) => n % every === 0).flatMap((text) => pieces(text, 1));

/** What a minifier leaves: no comments, no blanks that are not needed, names of a letter or two. */
function minified(text) {
	const names = new Map();
	const short = (n) => (n < 26 ? String.fromCharCode(97 + n) : short(Math.floor(n / 26) - 1) + short(n % 26));

	return text.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '')
		.replace(/(?<![.\w'"`/])[a-z][A-Za-z0-9]{4,}\b(?!['"`:])/g, (name) => {
			if (/^(const|return|import|export|function|async|await|class|extends|throw|while|switch|break|continue|typeof|from)$/.test(name)) return name;
			if (!names.has(name)) names.set(name, short(names.size));
			return names.get(name);
		})
		.replace(/\s*\n\s*/g, '').replace(/\s*([-+*/=<>?:;,(){}[\]&|!])\s*/g, '$1');
}

const CHINESE = `免费用户每小时可以发送六十个请求，这个数字同时按照公网地址和密钥计算。编辑器里的每一次按键都可能触发一次补全，所以
如果不加以节制，几分钟之内额度就会用完。为了让有限的请求发挥最大的作用，程序会把已经得到的答案保存在缓存中：当用户继续输入
的文字恰好是答案的开头时，剩下的部分立刻显示出来，而不必再次询问服务器。同一台机器上的所有编辑器共享同一个账本，账本记录了
每个请求的时间、模型以及所属的密钥；即使进程被强行结束，已经写入的记录也不会丢失。聊天和手动触发的补全优先于自动补全，因此
自动补全总是保留一部分余量。当服务器返回“请求过于频繁”时，程序会记住可以重试的时间，在此之前不再自动发送任何请求，并且在状态栏
里说明原因。提示词的长度也有限制，免费账户最多只能发送四千零九十六个词元，超过之后服务器会拒绝请求，而这次被拒绝的请求可能仍然
要计入次数。为此程序在发送之前先估算长度，必要时从最早的对话开始删减，并告诉用户删掉了什么。估算宁可偏高，不可偏低，但是偏高
太多又会浪费本来可以使用的上下文，于是每次收到服务器报告的真实用量，就据此修正下一次的估算。这样经过若干次请求以后，估算值会
越来越接近真实值，同时仍然留有安全的余地。变量名、函数名和注释混合在一起的代码，与纯粹的中文段落相比，每个字符所占的词元数并不
相同，因此不同的模型和不同的服务需要分别记录。`;

const random = (n, encoding) => Array.from({ length: n }, (_, at) => createHash('sha512').update(String(at)).digest(encoding));

/** name: [texts, the guess divided by the truth: least, most on average] */
const kinds = {
	'C': [sources('src/upstream', '.c', 1).concat(sources('include/eke/upstream', '.h', 1), sources('tests/unit', '.c', 3)), 0.99, 1.2],
	'JavaScript': [sources('tests/e2e', '.mjs', 1).concat(sources('tests/upstream', '.mjs', 2)), 1, 1.2],
	'Markdown': [['README.md', 'src/README.md', 'protocol/README.md'].flatMap((name) => pieces(readFileSync(join(ROOT, name), 'utf8'))), 1, 1.2],
	'JSON': [pieces(readFileSync(join(ROOT, 'protocol/eke.json'), 'utf8'), 6), 1, 1.2],
	'JSON in one line': [pieces(JSON.stringify(JSON.parse(readFileSync(join(ROOT, 'protocol/eke.json'), 'utf8'))), 6), 1, 1.4],
	'minified': [filesOf('tests/upstream', '.mjs').map(minified).flatMap((text) => pieces(text, 1)), 0.97, 1.2],
	'Chinese': [[CHINESE, CHINESE.replace(/\s/g, '')], 1.1, 1.7],
	'base64': [[random(40, 'base64').join('\n')], 0.88, 1.1],
	'hexadecimal': [[random(30, 'hex').join('\n')], 0.95, 1.2],
	'numbers': [[Array.from({ length: 1200 }, (_, n) => n * 7919 % 10007).join(', ')], 0.95, 1.25],
};

/** A server whose answers have the usage that `usage(record)` makes, and a function that asks and resolves to the usage told. */
async function start(t, usage) {
	const upstream = await withUpstream(t);
	const eke = await startServer(t, { config: configFor(upstream, { plan: 'unlimited' }) });

	upstream.script((record) => ({ answer: 'Yes.', ...usage(record) }));
	await eke.initialize();
	return async (content, more) => (await eke.chat(content, more)).usage;
}

test('the guess is near the truth, and above it for what people write', async (t) => {
	const ask = await start(t, () => ({ usage: 'none' }));

	for (const [name, [texts, least, most]] of Object.entries(kinds)) {
		await t.test(name, async (t2) => {
			assert.ok(texts.length, 'there is something to count');
			const ratios = [];
			for (const text of texts) {
				const { promptTokens, estimated } = await ask(text);
				assert.ok(estimated);
				ratios.push(...vocabularies.map((vocabulary) => promptTokens / countWith(vocabulary, text)));
			}
			const average = ratios.reduce((a, b) => a + b) / ratios.length;
			const below = ratios.filter((ratio) => ratio < 1).length / ratios.length;
			const told = `${ratios.length} counts: from ${Math.min(...ratios).toFixed(3)}, ${average.toFixed(3)} on average, ${(100 * below).toFixed(0)}% below 1`;
			t2.diagnostic(told);
			assert.ok(Math.min(...ratios) >= least && average <= most, told);
		});
	}
});

test('usage brings the guess close to the truth, and keeps it above', async (t) => {
	/* One model after each vocabulary; what usage says of the prompt comes when the model's name asks for it. */
	let truth;
	const ask = await start(t, () => (truth ? { usage: 'chunk', promptTokens: truth } : { usage: 'none' }));
	const texts = [...kinds.C[0], ...kinds.JavaScript[0], ...kinds.JSON[0]];
	const WARM = 10;

	for (const [n, vocabulary] of vocabularies.entries()) {
		const ratios = [];
		/* All kinds in turn: a step through the list that meets each text once. */
		for (let at = 0, k = 0; k < texts.length; k++, at = (at + 31) % texts.length) {
			const count = countWith(vocabulary, texts[at]);
			truth = 0;
			ratios.push((await ask(texts[at], { model: `m${n}` })).promptTokens / count);
			truth = count;
			assert.deepEqual(await ask(texts[at], { model: `m${n}` }), { promptTokens: count, completionTokens: 2, totalTokens: count + 2, estimated: false });
		}
		const settled = ratios.slice(WARM);
		const average = settled.reduce((a, b) => a + b) / settled.length;
		const below = settled.filter((ratio) => ratio < 1).length;
		const told = `${settled.length} prompts: ${average.toFixed(3)} on average, ${below} below 1`;
		t.diagnostic(told);
		assert.ok(below <= settled.length / 20, told);
		assert.ok(average <= 1.15, told);
	}
});
