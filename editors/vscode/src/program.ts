/* Where the program is: by setting, beside the extension, or on the PATH. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';

const NAME = process.platform === 'win32' ? 'eke.exe' : 'eke';

export type Found = { program: string; arguments: string[] } | { missing: string };

async function isProgram(path: string): Promise<boolean> {
	try {
		await access(path, constants.X_OK);
		return (await stat(path)).isFile();
	} catch {
		return false;
	}
}

/** As the shell looks: a path as it is, a bare name on the PATH. */
async function look(name: string, path: string): Promise<string | undefined> {
	const expanded = name.replace(/^~(?=\/|$)/, homedir());
	if (isAbsolute(expanded) || /[/\\]/.test(expanded)) return (await isProgram(expanded)) ? expanded : undefined;
	for (const folder of path.split(delimiter).filter(Boolean))
		if (await isProgram(join(folder, expanded))) return join(folder, expanded);
	return undefined;
}

/** The command to start: `command` if it names one, else the program in the extension's folder `bin`, else eke on the PATH. */
export async function findProgram(
	command: readonly string[],
	extension: string,
	path = process.env['PATH'] ?? '',
): Promise<Found> {
	const [name, ...rest] = command;
	if (name) {
		const program = await look(name, path);
		return program ? { program, arguments: rest } : { missing: name };
	}
	const program = (await look(join(extension, 'bin', NAME), path)) ?? (await look(NAME, path));
	return program ? { program, arguments: ['serve'] } : { missing: 'eke' };
}
