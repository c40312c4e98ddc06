// npm @openai/agents-realtime for agents_js.py: a RealtimeAgent with a tool, in a RealtimeSession over WebSocket.
// Arguments: address, instructions. Standard input: a base64 block of the microphone a line; standard output: a JSON
// list a line, what to tell the stage and of what.
import { createRequire } from "node:module";
import readline from "node:readline";

// The packages are where the program is run, not beside it.
const require = createRequire(`${process.cwd()}/`);
const { RealtimeAgent, RealtimeSession, tool } = require("@openai/agents-realtime");
const { z } = require("zod");

const [url, instructions] = process.argv.slice(2);
const tell = (what, ...facts) => process.stdout.write(`${JSON.stringify([what, ...facts])}\n`);

const setTimer = tool({
  name: "set_timer",
  description: "Set a timer.",
  parameters: z.object({ seconds: z.number() }),
  execute: async ({ seconds }) => {
    tell("called", "set_timer", { seconds });
    return JSON.stringify({ seconds, name: null });
  },
});
const agent = new RealtimeAgent({ name: "assistant", instructions, tools: [setTimer] });
const session = new RealtimeSession(agent, {
  transport: "websocket",
  model: "parley",
  config: { audio: { input: { turnDetection: { type: "server_vad", interruptResponse: true, createResponse: true } } } },
});

let item = "";
let cut = "";
session.on("audio", (event) => tell("sounded", Buffer.from(event.data).toString("base64")));
session.on("audio_interrupted", () => {
  cut = item;
  tell("interrupted");
});
session.on("error", (event) => tell("failed", JSON.stringify(event, Object.getOwnPropertyNames(event))));
session.on("history_updated", (history) => {
  const words = history.find((one) => one.itemId === cut)?.content?.[0]?.transcript;
  if (words) tell("keeps", words);
});
session.on("transport_event", (event) => {
  if (event.type === "conversation.item.input_audio_transcription.completed") tell("transcribed", event.transcript);
  if (event.type === "response.output_audio.delta") item = event.item_id;
  if (event.type === "response.output_audio_transcript.delta") tell("spoke", event.delta);
  if (event.type === "response.done") tell("ended");
});

await session.connect({ apiKey: "none", url });
tell("ready");
for await (const line of readline.createInterface({ input: process.stdin })) {
  session.sendAudio(Uint8Array.from(Buffer.from(line, "base64")).buffer);
}
session.close();
