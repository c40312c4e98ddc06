// npm openai for test_npm_openai.py: a written reply. Argument: the address, https://…/v1. It connects by wss:// only.
import { createRequire } from "node:module";

// The packages are where the program is run, not beside it.
const require = createRequire(`${process.cwd()}/`);
const { OpenAI } = require("openai");
const { OpenAIRealtimeWS } = require("openai/realtime/ws");

const client = new OpenAI({ apiKey: "none", baseURL: process.argv[2] });
const secret = await client.realtime.clientSecrets.create({
  session: { type: "realtime", instructions: "Be short.", output_modalities: ["text"] },
});
const realtime = new OpenAIRealtimeWS(
  { model: "parley" },
  new OpenAI({ apiKey: secret.value, baseURL: process.argv[2] }),
);
realtime.on("error", (error) => {
  console.log(JSON.stringify({ error: error.message }));
  process.exit(1);
});
realtime.on("session.created", ({ session }) => {
  console.log(JSON.stringify({ instructions: session.instructions }));
  const content = [{ type: "input_text", text: "what time is it" }];
  realtime.send({ type: "conversation.item.create", item: { type: "message", role: "user", content } });
  realtime.send({ type: "response.create" });
});
realtime.on("response.done", ({ response }) => {
  console.log(JSON.stringify({ said: response.output[0].content[0].text }));
  realtime.close();
});
