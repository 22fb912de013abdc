/*
 * Checks whole messages against the contract, for test harnesses. What eke sends is checked strictly, what clients send as
 * leniently as eke takes it. The caller brings Ajv 8, so that nothing is to be installed here.
 */
import { loadContract } from './model.mjs';

const CALL_MEMBERS = new Set(['jsonrpc', 'id', 'method', 'params']);

/* Ajv's complaint in a line. */
function words(check, what) {
	const e = check.errors[0];
	const detail = e.params.additionalProperty ?? e.params.allowedValue ?? e.params.allowedValues?.join(', ');
	return `${what}${e.instancePath} ${e.message}${detail === undefined ? '' : ` (${detail})`}`;
}

const isNone = (params) => params === undefined || params === null || (Array.isArray(params) && !params.length);

/* One root schema, so that every $ref finds its definition. */
function compileAll(Ajv, contract) {
	const ajv = new Ajv({ strictTypes: false, allowUnionTypes: true });
	const root = { $id: 'eke', definitions: { ...contract.definitions } };
	const at = (name) => ajv.getSchema(`eke#/definitions/${name}`);
	const methods = new Map();

	contract.methods.forEach((m, n) => {
		root.definitions[`method${n}Params`] = m.params;
		root.definitions[`method${n}Result`] = m.result ?? {};
	});
	ajv.addSchema(root);
	contract.methods.forEach((m, n) => {
		methods.set(m.method, { ...m, checkParams: at(`method${n}Params`), checkResult: at(`method${n}Result`) });
	});
	return { methods, request: at('Request'), notification: at('Notification'), response: at('Response') };
}

class Coverage {
	constructor(contract) {
		this.methods = Object.fromEntries(contract.methods.map((m) => [m.method, { params: 0, results: 0, errors: {} }]));
	}

	count(method, what) {
		if (this.methods[method])
			this.methods[method][what]++;
	}

	countError(method, error) {
		const name = error.data?.kind ? `${error.code} ${error.data.kind}` : String(error.code);
		const errors = this.methods[method]?.errors;

		if (errors)
			errors[name] = (errors[name] ?? 0) + 1;
	}
}

/**
 * @param {Function} Ajv the class that ajv 8 exports
 * @returns {{
 *   validate(direction: 'clientToServer'|'serverToClient', message: *, pendingMethodOfId?: Map|Function): string|null,
 *   coverage(): Object
 * }} validate answers null or what is wrong. pendingMethodOfId gives the method of a request that is not answered yet:
 * undefined if there is none, null if it had no method. coverage counts, by method, the valid params, results and errors
 * seen; it survives JSON, for uncovered().
 */
export function compile(Ajv, contract = loadContract()) {
	const { methods, request, notification, response } = compileAll(Ajv, contract);
	const common = new Set(contract.errorCodes.filter((e) => e.common).map((e) => e.code));
	const seen = new Coverage(contract);

	function checkCall(direction, message) {
		const server = direction === 'serverToClient';
		const method = methods.get(message.method);
		const isVimCancel = message.method === '$/cancelRequest' && 'id' in message && isNone(message.params);
		const envelope = 'id' in message ? request : notification;

		if (!envelope(message))
			return words(envelope, 'the message');
		if (server && Object.keys(message).some((key) => !CALL_MEMBERS.has(key)))
			return `${message.method}: has members that JSON-RPC does not know`;
		if (!method)
			return server ? `${message.method} is not in the contract` : null;
		if (method.direction !== direction && method.direction !== 'both')
			return `${message.method} does not go ${direction}`;
		if (isVimCancel) {
			seen.count(message.method, 'params');
			return null;
		}
		if ((method.kind === 'request') !== ('id' in message))
			return `${message.method} is a ${method.kind}`;
		if (server && !('params' in message))
			return `${message.method} has no params`;
		if (!method.checkParams(isNone(message.params) && !server ? {} : message.params))
			return words(method.checkParams, `${message.method}: params`);
		seen.count(message.method, 'params');
		return null;
	}

	function checkError(name, method, error) {
		const kind = error.data?.kind;
		/* Any request may be cancelled before its answer is there, also one that takes no time. */
		const cancelled = method !== undefined && error.code === -32800;
		const listed = cancelled || common.has(error.code) || method?.errors.includes(kind ?? error.code);

		if (!listed)
			return `${name}: error ${error.code}${kind ? ` ${kind}` : ''} is not one of its errors`;
		seen.countError(name, error);
		return null;
	}

	function checkResponse(direction, message, pendingMethodOfId) {
		const find = typeof pendingMethodOfId === 'function' ? pendingMethodOfId : (id) => pendingMethodOfId?.get(id);
		const name = find(message.id);
		const method = methods.get(name);

		if (!response(message)) {
			/* A client's error codes are its own. */
			return direction === 'serverToClient' ? words(response, 'the response') : null;
		}
		if (name === undefined && !(message.id === null && message.error))
			return `a response to no request: id ${JSON.stringify(message.id)}`;
		if (message.error)
			return direction === 'serverToClient' ? checkError(name ?? 'no method', method, message.error) : null;
		if (!method)
			return `a result for ${name}, which is not in the contract`;
		if (!method.checkResult(message.result))
			return words(method.checkResult, `${name}: result`);
		seen.count(name, 'results');
		return null;
	}

	return {
		validate(direction, message, pendingMethodOfId) {
			if (direction !== 'clientToServer' && direction !== 'serverToClient')
				throw new TypeError(`no direction: ${direction}`);
			if (message === null || typeof message !== 'object' || Array.isArray(message))
				return 'a message must be an object';
			return 'method' in message ? checkCall(direction, message) : checkResponse(direction, message, pendingMethodOfId);
		},
		coverage: () => structuredClone(seen.methods),
	};
}

/**
 * What of the contract no test has seen.
 * @param {Object[]} coverages of all harnesses
 * @returns {string[]} a line for each gap
 */
export function uncovered(coverages, contract = loadContract()) {
	const total = (method, what) => coverages.reduce((sum, c) => sum + (c[method]?.[what] ?? 0), 0);
	const gaps = [];

	for (const m of contract.methods) {
		if (!total(m.method, 'params'))
			gaps.push(`${m.method}: never sent`);
		if (m.kind === 'request' && !total(m.method, 'results'))
			gaps.push(`${m.method}: never answered with a result`);
		if (m.errors.length && !coverages.some((c) => Object.keys(c[m.method]?.errors ?? {}).length))
			gaps.push(`${m.method}: never answered with an error`);
	}
	return gaps;
}
