// @copilotkit/aimock with the scripts of our conversations. Prints its address, and ends with its input.
import { createRequire } from "node:module";

// The package is where the program is run, not beside it.
const require = createRequire(`${process.cwd()}/`);
const { LLMock } = require("@copilotkit/aimock");

const mock = new LLMock({ port: 0, host: "127.0.0.1", latency: 20, chunkSize: 8 });
const timer = { name: "set_timer", arguments: JSON.stringify({ seconds: 300 }), id: "call_timer" };
mock.addFixtures([
  { match: { toolCallId: "call_timer" }, response: { content: "It is set." } },
  { match: { userMessage: "timer" }, response: { toolCalls: [timer] } },
  { match: { userMessage: "story" }, response: { content: "A lighthouse stood on a rock. ".repeat(40) } },
  { match: { userMessage: "time" }, response: { content: "It is noon." } },
]);
await mock.start();
console.log(`Listening on ${mock.url.replace("http", "ws")}/v1/realtime`);
process.stdin.on("end", () => mock.stop().then(() => process.exit()));
process.stdin.resume();
