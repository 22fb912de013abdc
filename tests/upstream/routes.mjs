// Which path is what. Every path is known with and without /v1, as clients disagree about base URLs (providers.md 2).

import { dialects } from "./dialects.mjs";

const POSTS = {
	"/chat/completions": "chat",
	"/completions": "completions",
	"/fim/completions": "mistral-fim",
	"/beta/completions": "deepseek-fim",
	"/infill": "infill",
	"/embeddings": "embeddings",
	"/query/usage_details": "usage",
	"/query/balance": "balance",
};

/** What chatanywhere takes for a chat request with a forbidden model (providers.md 1.6, "url少了个chat"). */
const HALF_PATHS = ["", "/", "/v1", "/v1/", "/v1/chat", "/v1/chat/", "/chat", "/chat/"];

/** @returns {{route: string, counted: boolean, dialect?: object}} */
export function findRoute(method, path) {
	if (method === "OPTIONS" || method === "HEAD") return { route: method.toLowerCase(), counted: false };
	const bare = path.startsWith("/v1/") ? path.slice(3) : path;
	if (method === "GET" && bare === "/models") return { route: "models", counted: false };
	const route = Object.hasOwn(POSTS, bare) ? POSTS[bare] : undefined;
	if (route && method === "POST") {
		const counted = route !== "usage" && route !== "balance";
		return { route, counted, dialect: dialects[route] };
	}
	if (route) return { route: "wrong-method", counted: false };
	if (method === "POST" && HALF_PATHS.includes(path)) return { route: "half-path", counted: true };
	return { route: "unknown", counted: false };
}
