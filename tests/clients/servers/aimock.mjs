// @copilotkit/aimock with the scripts of our conversations, and those of a file of fixtures if one is named. Prints its
// address, and ends with its input.
import { createRequire } from "node:module";

// The package is where the program is run, not beside it.
const require = createRequire(`${process.cwd()}/`);
const { LLMock } = require("@copilotkit/aimock");

const mock = new LLMock({ port: 0, host: "127.0.0.1", latency: 20, chunkSize: 8 });
const timer = { name: "set_timer", arguments: JSON.stringify({ seconds: 300 }), id: "call_timer" };
// Half a second, s16le mono at 24 kHz: Gemini Live speaks, Realtime only writes here.
const tone = Buffer.from(Int16Array.from({ length: 12000 }, (_, n) => 8000 * Math.sin(n / 9)).buffer).toString("base64");
mock.addFixtures([
  { match: { userMessage: "aloud" }, response: { audio: { b64Json: tone, contentType: "audio/pcm;rate=24000" } } },
  { match: { toolCallId: "call_timer" }, response: { content: "It is set." } },
  { match: { userMessage: "timer" }, response: { toolCalls: [timer] } },
  { match: { userMessage: "story" }, response: { content: "A lighthouse stood on a rock. ".repeat(40) } },
  { match: { userMessage: "time" }, response: { content: "It is noon." } },
]);
if (process.argv[2]) mock.loadFixtureFile(process.argv[2]);
await mock.start();
console.log(`Listening on ${mock.url.replace("http", "ws")}`);
process.stdin.on("end", () => mock.stop().then(() => process.exit()));
process.stdin.resume();
