#!/usr/bin/env node
/*
 * Makes dist/: the extension and its webview as one script each, the style, icons, and the schema of the configuration file.
 * --minify for packing.
 */
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const minify = process.argv.includes('--minify');
const common = { bundle: true, minify, sourcemap: !minify, absWorkingDir: root, logLevel: 'warning' };

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
await Promise.all([
	build({
		...common,
		entryPoints: ['src/extension.ts'],
		outfile: 'dist/extension.js',
		platform: 'node',
		format: 'cjs',
		target: 'node18',
		external: ['vscode'],
		mainFields: ['module', 'main'], // jsonc-parser's UMD is not understood
	}),
	build({
		...common,
		entryPoints: ['src/webview/main.ts'],
		outfile: 'dist/chat.js',
		platform: 'browser',
		format: 'iife',
		target: 'es2022',
	}),
	build({ ...common, entryPoints: ['src/webview/chat.css'], outfile: 'dist/chat.css', external: ['*.ttf'] }),
	copyFile(join(root, 'node_modules/@vscode/codicons/dist/codicon.css'), join(dist, 'codicon.css')),
	copyFile(join(root, 'node_modules/@vscode/codicons/dist/codicon.ttf'), join(dist, 'codicon.ttf')),
	copyFile(join(root, '../../protocol/config.schema.json'), join(dist, 'config.schema.json')),
]);
