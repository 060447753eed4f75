// The everything server of the MCP project, as its authors ship it, made fit for a test:
//
//     everything.mjs --modules DIRECTORY --ledger FILE [--port PORT] [--stop-after SECONDS]
//
// - it listens on loopback (by itself it takes every interface) and prints `LISTENING port`;
// - every tool that runs leaves one JSON line in the ledger first: the tool, its arguments, the unusual headers;
// - two tools are added that nothing may run through the agent: `secret`, and `echo_evil`, which shares a prefix
//   with a listed one;
// - it stops by itself after a while, so that a test that was killed leaves nothing behind.
//
// DIRECTORY is where tests/peers/install.sh put node_modules.

import { appendFileSync, writeFileSync } from "node:fs";
import { Server } from "node:net";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const { values: asked } = parseArgs({
  options: {
    modules: { type: "string" },
    ledger: { type: "string" },
    port: { type: "string", default: "0" },
    "stop-after": { type: "string", default: "900" },
  },
});
if (asked.modules === undefined || asked.ledger === undefined) {
  console.error("usage: everything.mjs --modules DIRECTORY --ledger FILE [--port PORT]");
  process.exit(2);
}

const installed = (...path) =>
  import(pathToFileURL(join(resolve(asked.modules), "node_modules", "@modelcontextprotocol", ...path)).href);

function stayOnLoopback() {
  const listen = Server.prototype.listen;
  Server.prototype.listen = function (port, ...rest) {
    this.once("listening", () => process.stdout.write(`LISTENING ${this.address().port}\n`));
    return listen.call(this, Number(port), "127.0.0.1", ...rest);
  };
}

function record(tool, args, extra) {
  const received = extra?.requestInfo?.headers ?? {};
  const unusual = Object.fromEntries(Object.entries(received).filter(([name]) => name.startsWith("x-")));
  appendFileSync(asked.ledger, JSON.stringify({ tool, arguments: args, headers: unusual }) + "\n");
}

// A tool without an input schema is called with `extra` alone.
const recorded = (name, takesArguments, handler) =>
  takesArguments
    ? (args, extra) => (record(name, args, extra), handler(args, extra))
    : (extra) => (record(name, {}, extra), handler(extra));

const answer = (text) => async () => ({ content: [{ type: "text", text }] });

async function recordTools() {
  const { McpServer } = await installed("sdk", "dist", "esm", "server", "mcp.js");
  const register = McpServer.prototype.registerTool;
  McpServer.prototype.registerTool = function (name, config, handler) {
    const tool = register.call(this, name, config, recorded(name, config.inputSchema !== undefined, handler));
    if (name === "echo") {
      this.registerTool("secret", { description: "Must never run through the agent." }, answer("the secret"));
      this.registerTool("echo_evil", { description: "Must never run through the agent." }, answer("evil"));
    }
    return tool;
  };
}

writeFileSync(asked.ledger, "", { flag: "a" });
stayOnLoopback();
await recordTools();
process.env.PORT = asked.port;
console.log = () => {};
setTimeout(() => process.exit(0), Number(asked["stop-after"]) * 1000);
await installed("server-everything", "dist", "transports", "streamableHttp.js");
