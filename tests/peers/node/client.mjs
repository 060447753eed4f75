// A scripted MCP client made with the TypeScript SDK: one session, one JSON line per step on standard output.
//
//     client.mjs --modules DIRECTORY [--expect direct|gated] [--server python|everything] [--refusal-code CODE] URL
//
// The same steps and the same expectations as python/client.py, in short. The exit code is 0 when every step held.
// DIRECTORY is where tests/peers/install.sh put node_modules.

import { deepStrictEqual as equal, ok } from "node:assert";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const { values: asked, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    modules: { type: "string" },
    expect: { type: "string", default: "direct" },
    server: { type: "string", default: "python" },
    "refusal-code": { type: "string" },
  },
});
if (asked.modules === undefined || positionals.length !== 1) {
  console.error("usage: client.mjs --modules DIRECTORY [--expect direct|gated] [--server python|everything] URL");
  process.exit(2);
}
const gated = asked.expect === "gated";

const sdk = (...path) =>
  import(
    pathToFileURL(join(resolve(asked.modules), "node_modules/@modelcontextprotocol/sdk/dist/esm/client", ...path)).href
  );
const { Client } = await sdk("index.js");
const { StreamableHTTPClientTransport } = await sdk("streamableHttp.js");

const client = new Client({ name: "portcullis-test-client", version: "1.0.0" });
const transport = new StreamableHTTPClientTransport(new URL(positionals[0]));

const call = (name, args, options) => client.callTool({ name, arguments: args }, undefined, options);

const SERVERS = {
  python: {
    structured: ["add", { a: 2, b: 40 }, { sum: 42, operands: [2, 40] }],
    progress: ["slow_progress", { steps: 5 }],
  },
  everything: {
    structured: [
      "get-structured-content",
      { location: "Chicago" },
      { temperature: 36, conditions: "Light rain / drizzle", humidity: 82 },
    ],
    progress: ["trigger-long-running-operation", { duration: 0.3, steps: 5 }],
  },
};
const server = SERVERS[asked.server];

const STEPS = {
  async initialize() {
    await client.connect(transport);
    ok(transport.sessionId, "the server opened no session");
    return { server: client.getServerVersion()?.name };
  },

  async list_tools() {
    const names = (await client.listTools()).tools.map((tool) => tool.name).sort();
    ok(names.includes("echo"), `\`echo\` is not listed: ${names}`);
    equal(names.includes("secret"), !gated, `the listing: ${names}`);
    return { tools: names };
  },

  async call_allowed() {
    const sent = 'grüße, 世界 \u{1f3f0} "quoted" \\ \n';
    equal((await call("echo", { message: sent })).content[0].text, `Echo: ${sent}`);
  },

  async structured() {
    const [tool, args, wanted] = server.structured;
    equal((await call(tool, args)).structuredContent, wanted);
  },

  async progress() {
    const seen = [];
    const [tool, args] = server.progress;
    await call(tool, args, { onprogress: ({ progress }) => seen.push(progress) });
    equal(seen, [1, 2, 3, 4, 5]);
  },

  async unlisted() {
    if (!gated) {
      equal((await call("secret", {})).content[0].text, "the secret");
      return { ran: true };
    }
    const refusal = await call("secret", {}).then(
      () => ok(false, "the call was answered"),
      (error) => error,
    );
    return checkRefusal(refusal);
  },

  async end_session() {
    await transport.terminateSession();
    await client.close();
  },
};

// The documented refusal: a code outside the range JSON-RPC reserves, and `data` with exactly two members.
function checkRefusal({ code, message, data }) {
  ok(Number.isInteger(code) && (code < -32768 || code > -32000), `code ${code}: ${message}`);
  if (asked["refusal-code"] !== undefined) equal(code, Number(asked["refusal-code"]));
  equal(Object.keys(data ?? {}).sort(), ["correlation_id", "retryable"]);
  ok(typeof data.correlation_id === "string" && data.correlation_id !== "");
  equal(typeof data.retryable, "boolean");
  ok(!message.includes("secret"), "the refusal repeats the name of the tool");
  return { code, message };
}

let failed = false;
for (const [step, run] of Object.entries(STEPS)) {
  const line = await run().then(
    (seen) => ({ step, ok: true, ...seen }),
    (error) => ({ step, ok: false, problem: String(error.message ?? error) }),
  );
  failed ||= !line.ok;
  console.log(JSON.stringify(line));
  if (!line.ok && step === "initialize") break;
}
process.exit(failed ? 1 : 0);
