/* Services that are set up with one click, and the configuration file as text. No VS Code in here. */
import { applyEdits, modify, parse } from 'jsonc-parser';

export interface Service {
	id: string;
	title: string;
	/** Where keys of it are to be had. */
	keys?: string;
	/** The name of the environment variable that hands the key to the program; none: it takes no key. */
	variable?: string;
	endpoint: Record<string, unknown>;
}

export const SERVICES: Service[] = [
	{
		id: 'chatanywhere',
		title: 'chatanywhere',
		keys: 'https://github.com/chatanywhere/GPT_API_free',
		variable: 'EKE_KEY_CHATANYWHERE',
		endpoint: {
			name: 'chatanywhere',
			baseUrl: 'https://api.chatanywhere.tech',
			fallbackUrls: ['https://api.chatanywhere.org'],
			plan: 'chatanywhere-free-daily',
		},
	},
	{
		id: 'deepseek',
		title: 'DeepSeek',
		keys: 'https://platform.deepseek.com/api_keys',
		variable: 'EKE_KEY_DEEPSEEK',
		endpoint: { name: 'deepseek', baseUrl: 'https://api.deepseek.com' },
	},
	{
		id: 'openai',
		title: 'OpenAI',
		keys: 'https://platform.openai.com/api-keys',
		variable: 'EKE_KEY_OPENAI',
		endpoint: { name: 'openai', baseUrl: 'https://api.openai.com/v1' },
	},
	{ id: 'ollama', title: 'Ollama', endpoint: { name: 'ollama', baseUrl: 'http://127.0.0.1:11434' } },
];

/** A service that the user names: any that speaks OpenAI's API. */
export function otherService(baseUrl: string): Service {
	const host = new URL(/^https?:\/\//.test(baseUrl) ? baseUrl : `https://${baseUrl}`).hostname;
	const name = host.replace(/^(api|www)\./, '');
	return {
		id: name,
		title: name,
		variable: `EKE_KEY_${name.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}`,
		endpoint: { name, baseUrl },
	};
}

export interface Endpoint {
	name: string;
	baseUrl: string;
	/** The environment variable that its key is read from; none: it has no key, or has it from elsewhere. */
	variable?: string;
}

/** The endpoints of a configuration file. */
export function endpointsOf(text: string): Endpoint[] {
	const config = parse(text, [], { allowTrailingComma: true }) as { endpoints?: unknown } | undefined;
	if (!Array.isArray(config?.endpoints)) return [];
	return (config.endpoints as Record<string, unknown>[]).map((one) => {
		const variable = (one?.['key'] as { env?: unknown } | undefined)?.env;
		return {
			name: String(one?.['name'] ?? ''),
			baseUrl: String(one?.['baseUrl'] ?? ''),
			...(typeof variable === 'string' ? { variable } : {}),
		};
	});
}

/** The file with one endpoint more, last; what is there stays as it is written, comments too. */
export function withService(text: string, service: Service): string {
	const endpoint = {
		...service.endpoint,
		...(service.variable ? { key: { env: service.variable } } : {}),
	};
	const start = text.trim() ? text : '{}\n';
	const count = endpointsOf(start).length;
	const formattingOptions = { tabSize: 4, insertSpaces: false, eol: '\n' };
	const path = count ? ['endpoints', count] : ['endpoints'];
	return applyEdits(start, modify(start, path, count ? endpoint : [endpoint], { formattingOptions }));
}
