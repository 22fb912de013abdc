#!/usr/bin/env node
/*
 * Compiles the IntelliJ Platform, build 183, as a whole from Debian's source package, so that its light test fixture can be booted
 * without a display and the plugin be tested in the platform's own editor:
 *
 *     node tests/jetbrains/platform.mjs        makes build/jetbrains/whole, once; a quarter of an hour on two processors
 *
 * It is the real source but for what PATCHES says: what Java 17 does not allow, what ecj takes otherwise than javac, dialogues whose parts
 * only JetBrains' form compiler puts in, and icons, which Debian leaves out. What in its descriptors names a class that was not
 * compiled (the web server, tasks, …) is left out of them.
 *
 * Kotlin reads Java's source and ecj Kotlin's classes, module by module in the order of GROUPS; ecj goes on at errors, since not
 * all of the platform's libraries are here. What names a class of a later group is compiled again at the end.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { root } from './java.mjs';

const OUT = join(root, 'build/jetbrains/whole');
const SOURCE = join(OUT, 'source');
const JARS = '/usr/share/java';

const GROUPS = [
	'util-rt util extensions core-api core-impl boot bootstrap projectModel-api editor-ui-api analysis-api indexing-api platform-api ' +
		'lang-api lvcs-api usageView vcs-api/vcs-api-core vcs-api diff-api xdebugger-api icons editor-ui-ex forms_rt external-system-api',
	'../jps/model-api ../jps/model-serialization ../jps/model-impl projectModel-impl analysis-impl indexing-impl',
	'platform-impl',
	'credential-store built-in-server-api',
	'configuration-store-impl',
	'lang-impl structure-view-impl lvcs-impl diff-impl vcs-impl xdebugger-impl',
	'testFramework testFramework/core testFramework/bootstrap',
].map((group) => group.split(' '));
const AGAIN = [0, 6, 1, 2, 5];

/* Kotlin needs all that a file names, or compiles none: coroutines of 2018, an imaging library, a library of property tests. */
const LEFT_OUT =
	/\/(AsyncExecution|AsyncExecutionSupport|AppUIExecutorEx|AppUIExecutorImpl|DelegatingHttpRequestHandler|FileResponses)\.kt$|propertyBased\/.*\.kt$/;
const WITHOUT = ['com.intellij.internal.DebugAttachDetector']; // sun.misc.VMSupport

const PATCHES = [
	['platform-impl/src/com/intellij/ide/ui/laf/darcula/ui/customFrameDecorations/DarculaTitleButtons.kt', /apply \{ ui = BasicButtonUI\(\) \}/, 'apply { setUI(BasicButtonUI()) }'],
	['platform-impl/src/com/intellij/diagnostic/ITNReporter.kt', /message\(("error[^"]*"), e\.message\)/, 'message($1, e.message!!)'],
	['platform-impl/src/com/intellij/ide/actions/EditCustomSettingsAction.kt', /file, ex\.message\)/, 'file, ex.message!!)'],
	['configuration-store-impl/src/SchemeManagerFactoryImpl.kt', /Paths\.get\(project\.basePath, /, 'Paths.get(project.basePath ?: "null", '],
	['util/src/com/intellij/util/containers/JBIterable.java', /new FlattenFun\.FlattenIt<E, E>\(\s*Arrays\.<Iterable<E>>asList\(getIterables\(\)\)\.iterator\(\),\s*Functions\.<E, Iterable<E>>identity\(\)\)/, '(Iterator<E>)new FlattenFun.FlattenIt(Arrays.asList((Object[])getIterables()).iterator(), (Function)Functions.identity())'],
	['core-api/src/com/intellij/util/Query.java', /return forEach\(predicate::test\)/, 'return forEach((Processor<Result>)predicate::test)'],
	['util/src/com/intellij/openapi/util/IconLoader.java', /if \(strict\) throw new RuntimeException\("Can't find icon[^;]*;/, 'if (strict) return com.intellij.util.ui.EmptyIcon.create(16);'],
	['platform-impl/src/com/intellij/openapi/progress/util/ProgressDialog.java', /((?:private )?(JLabel|JBLabel|JButton|JProgressBar|TitlePanel|JPanel) my[A-Za-z0-9]+);/, '$1 = new $2();'],
];

const LIBRARIES = (
	'jdom2-intellij picocontainer-1.3 libtrove-intellij org.jetbrains.annotations-java8 org.jetbrains.annotations-common jna jna-platform ' +
	'log4j-1.2 guava gson kotlin-stdlib kotlin-reflect kotlin-test kotlinx-coroutines-core junit4 hamcrest bcprov oro imgscalr-lib automaton ' +
	'streamex lz4-java commons-lang commons-net commons-logging commons-codec commons-compress jgoodies-forms cglib-nodep httpclient httpcore ' +
	'fluent-hc velocity xercesImpl asm asm-analysis asm-commons asm-tree asm-util batik-all xmlgraphics-commons protobuf jsoup jzlib jsch isorelax ' +
	'rngom jing jcip-annotations xz snappy-java jgraph snakeyaml xpp3 xstream miglayout-core miglayout-swing xml-apis-ext ' +
	'intellij-java-compatibility netty-buffer netty-codec netty-codec-http netty-common netty-handler netty-resolver netty-transport'
).split(' ');
const PACKAGES =
	'libkotlinx-coroutines-java libnetty-java libmiglayout-java junit4 libbcprov-java liboro-java libnanoxml2-java libimgscalr-java libautomaton-java ' +
	'libstreamex-java liblz4-java libcommons-lang-java libcommons-net-java libcommons-logging-java libcommons-codec-java libcommons-compress-java ' +
	'libjgoodies-forms-java libcglib-nodep-java libhttpclient-java velocity libxerces2-java libasm-java libbatik-java libprotobuf-java libjsoup-java ' +
	'libjzlib-java libjsch-java libisorelax-java librngom-java libjing-java libjcip-annotations-java libxz-java libsnappy-java libjgraph-java ' +
	'libyaml-snake-java libintellij-java-compatibility-java libxpp3-java libxstream-java libhamcrest-java python3 patch unzip';

const say = (text) => console.error(`  ${new Date().toISOString().slice(11, 19)} ${text}`);

function* files(folder) {
	for (const entry of readdirSync(folder, { withFileTypes: true })) {
		const path = join(folder, entry.name);
		if (entry.isDirectory()) yield* files(path);
		else yield path;
	}
}

const modulePath = (module) => join(SOURCE, 'platform', module);
const roots = (module) => ['src', 'gen'].map((name) => join(modulePath(module), name)).filter(existsSync);
const classes = (group) => join(OUT, `classes${group}`);

function libraries() {
	const jars = LIBRARIES.map((name) => join(JARS, `${name}.jar`)).filter(existsSync);
	// ecj refuses the manifest of these two.
	for (const name of ['nanoxml', 'nanoxml-lite']) {
		const copy = join(OUT, `${name}.jar`);
		const folder = join(OUT, name);
		if (existsSync(copy) || !existsSync(join(JARS, `${name}.jar`))) continue;
		execFileSync('unzip', ['-qo', join(JARS, `${name}.jar`), '-x', 'META-INF/*', '-d', folder]);
		execFileSync('jar', ['cMf', copy, '-C', folder, '.']);
	}
	return [...jars, ...['nanoxml', 'nanoxml-lite'].map((name) => join(OUT, `${name}.jar`)).filter(existsSync)];
}

function unpack() {
	execFileSync(join(root, 'editors/jetbrains/platform'), { stdio: 'inherit' });
	const missing = LIBRARIES.filter((name) => !existsSync(join(JARS, `${name}.jar`)));
	if (missing.length > 0)
		throw new Error(`missing: ${missing.join(', ')}; on Debian 12: apt-get install -y --no-install-recommends ${PACKAGES}`);
	if (existsSync(SOURCE)) return;
	say('the source');
	const fresh = `${SOURCE}.new`;
	rmSync(fresh, { recursive: true, force: true });
	cpSync(join(root, 'build/jetbrains/source'), fresh, { recursive: true });
	for (const name of ['java17-compatibility', 'remove-apple-awt-api', 'fix-platform-util-compilation'])
		execFileSync('patch', ['-p1', '-s', '-i', `debian/patches/${name}.patch`], { cwd: fresh });
	for (const [file, from, to] of PATCHES) {
		const path = join(fresh, 'platform', file);
		const text = readFileSync(path, 'utf8');
		const patched = text.replace(new RegExp(from, 'g'), to);
		if (patched === text) throw new Error(`nothing to patch in ${file}`);
		writeFileSync(path, patched);
	}
	execFileSync('mv', [fresh, SOURCE]);
}

/* Java's files by their packages, whatever folder they are in, as links; Kotlin's as a list. */
function gather(group) {
	const farm = join(OUT, `java${group}`);
	rmSync(farm, { recursive: true, force: true });
	const kotlin = [];
	const extra = group === 6 ? [join(SOURCE, 'java/java-runtime/src/com/intellij/rt/execution/junit/FileComparisonFailure.java')] : [];
	for (const path of [...GROUPS[group].flatMap((module) => roots(module).flatMap((folder) => [...files(folder)])), ...extra]) {
		if (path.endsWith('.kt') && !LEFT_OUT.test(path)) kotlin.push(path);
		if (!path.endsWith('.java')) continue;
		let text = readFileSync(path, 'utf8');
		// Java 9 has a class of that name, too, and * does not decide between them.
		if (/import com\.intellij\.openapi\.module\.\*;/.test(text) && !/import com\.intellij\.openapi\.module\.Module;/.test(text)) {
			text = text.replace(/^import /m, 'import com.intellij.openapi.module.Module;\nimport ');
			writeFileSync(path, text);
		}
		const folder = join(farm, (/^\s*package\s+([\w.]+)\s*;/m.exec(text)?.[1] ?? '').replace(/\./g, '/'));
		mkdirSync(folder, { recursive: true });
		const link = join(folder, path.slice(path.lastIndexOf('/') + 1));
		if (!existsSync(link)) symlinkSync(path, link);
	}
	return { farm, kotlin };
}

function run(program, args, log, env = {}) {
	const { status, stdout, stderr, error } = spawnSync(program, args, {
		encoding: 'utf8',
		maxBuffer: 1 << 28,
		env: { ...process.env, ...env },
	});
	if (error) throw error;
	writeFileSync(join(OUT, log), stdout + stderr);
	return { status, text: stdout + stderr };
}

function compileJava(group, farm, path) {
	const options = ['-proceedOnError', '-nowarn', '-proc:none', '-source', '8', '-target', '8', '-encoding', 'UTF-8'];
	run('ecj', [...options, '-cp', path, '-d', classes(group), farm], `ecj${group}.log`);
}

function compile(jars) {
	const farms = [];
	for (const group of GROUPS.keys()) {
		const { farm, kotlin } = gather(group);
		farms.push(farm);
		const done = join(OUT, `done${group}`);
		if (existsSync(done)) continue;
		say(`${GROUPS[group][0]} …`);
		mkdirSync(classes(group), { recursive: true });
		const path = [...Array.from({ length: group }, (_, i) => classes(group - 1 - i)), ...jars].join(':');
		if (kotlin.length > 0) {
			const { status, text } = run(
				'kotlinc',
				['-nowarn', '-jvm-target', '1.8', '-d', classes(group), '-cp', path, ...kotlin, farm],
				`kotlinc${group}.log`,
				{ JAVA_OPTS: '-Xmx5g' },
			);
			if (status !== 0) throw new Error(`kotlinc: ${text.split('\n').filter((line) => line.includes('error:')).slice(0, 5).join('\n')}`);
		}
		compileJava(group, farm, [classes(group), path].join(':'));
		writeFileSync(done, '');
	}
	const all = [...GROUPS.keys()].map(classes).reverse();
	for (const group of AGAIN) {
		const done = join(OUT, `again${group}`);
		if (existsSync(done)) continue;
		say(`${GROUPS[group][0]} … again`);
		compileJava(group, farms[group], [...all, ...jars].join(':'));
		writeFileSync(done, '');
	}
	return all;
}

/* The descriptors without what names classes that are not there. */
function describe(all) {
	const known = new Set();
	for (const folder of all)
		for (const path of files(folder))
			if (path.endsWith('.class')) known.add(relative(folder, path).slice(0, -6).replace(/\//g, '.'));
	for (const name of WITHOUT) known.delete(name);
	writeFileSync(join(OUT, 'known'), [...known].join('\n'));
	const folder = join(OUT, 'descriptors');
	rmSync(folder, { recursive: true, force: true });
	mkdirSync(folder);
	execFileSync('python3', [join(root, 'tests/jetbrains/descriptors.py'), join(SOURCE, 'platform/platform-resources/src'), join(OUT, 'known'), folder]);
	return folder;
}

/** The platform's class path, made if it is not there. */
export function platform() {
	const ready = join(OUT, 'classpath');
	if (!existsSync(ready)) {
		mkdirSync(OUT, { recursive: true });
		unpack();
		const jars = libraries();
		const all = compile(jars);
		const resources = [
			describe(all),
			...['platform-resources', 'platform-resources-en', 'icons', ...GROUPS.flat()].flatMap((module) =>
				['src', 'resources'].map((name) => join(modulePath(module), name)),
			),
		].filter((path) => existsSync(path) && statSync(path).isDirectory());
		writeFileSync(ready, [...all, ...resources, ...jars].join(':'));
		say('done');
	}
	return readFileSync(ready, 'utf8');
}

/** Java with what a platform of 2018 needs of a Java of today. */
export function platformJava(path, main) {
	const opened = {
		'java.base': 'java.lang java.util java.util.stream java.util.concurrent java.text java.net java.io java.lang.reflect java.nio sun.nio.ch sun.nio.fs',
		'java.desktop': 'java.awt java.awt.event java.awt.font java.awt.image javax.swing javax.swing.text javax.swing.text.html javax.swing.plaf.basic sun.awt sun.font sun.java2d sun.swing sun.awt.image javax.swing.tree javax.swing.table',
	};
	const home = join(OUT, 'home');
	mkdirSync(home, { recursive: true });
	return [
		...['java', '-Xmx2g', '-XX:SoftRefLRUPolicyMSPerMB=0', '-Djava.awt.headless=true', '-Didea.is.unit.test=true', '-Didea.platform.prefix=PlatformLangXml'],
		`-Didea.home.path=${home}`,
		`-Didea.config.path=${home}/config`,
		`-Didea.system.path=${home}/system`,
		`-Dlog4j.configuration=file:${join(root, 'tests/jetbrains/log4j.xml')}`,
		'-Djava.util.concurrent.ForkJoinPool.common.threadFactory=com.intellij.concurrency.IdeaForkJoinWorkerThreadFactory',
		...Object.entries(opened).flatMap(([module, packages]) =>
			packages.split(' ').flatMap((name) => ['--add-opens', `${module}/${name}=ALL-UNNAMED`, '--add-exports', `${module}/${name}=ALL-UNNAMED`]),
		),
		...['-cp', path, main],
	];
}

if (process.argv[1] && import.meta.url.endsWith(process.argv[1].slice(process.argv[1].lastIndexOf('/')))) platform();
