// What services, relays and proxies were seen to do in the field. `section` says where and when.
import { TEXT, WHOLE } from "./text.mjs";

const compressed = ["gzip", "deflate", "br"].flatMap((encoding) => [
	{ name: `encoding-${encoding}`, section: "Nginx and corporate proxies, 2023", about: `a stream as ${encoding}, which nobody asked for`, answer: TEXT, encoding, expect: WHOLE },
	{ name: `encoding-${encoding}-json`, section: "Nginx and corporate proxies, 2023", about: `… and a whole answer`, answer: TEXT, encoding, whole: true, expect: WHOLE },
]);

export const fieldScenarios = [
	...compressed,
	{ name: "encoding-identity", section: "Java relays, 2024", about: "Content-Encoding: identity", answer: TEXT, headers: { "content-encoding": "identity" }, expect: WHOLE },
	{ name: "status-201", section: "relays in front of serverless models, 2024", about: "a whole answer as 201 Created", answer: TEXT, whole: true, status: 201, expect: WHOLE },
	{ name: "status-202", section: "relays in front of serverless models, 2024", about: "a stream as 202 Accepted", answer: TEXT, status: 202, expect: WHOLE },
	{ name: "encoding-error", section: "Nginx, 2023", about: "a compressed error", status: 400, encoding: "gzip", body: { error: { message: "The model quux is retired.", code: "model_retired" } }, expect: { errorKind: "upstream", httpStatus: 400, providerMessage: "quux is retired" } },
];
