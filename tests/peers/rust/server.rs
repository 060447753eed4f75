//! A private MCP server made with the Rust SDK `rmcp`, on loopback, for the end-to-end tests.
//!
//!     rust_sdk_server --ledger FILE [--stop-after SECONDS]
//!
//! Like the Python server beside it: it prints `LISTENING port` once it accepts connections, each tool that runs leaves one JSON line in the ledger
//! first, `secret` and `echo_evil` are there to be run by nobody, and it stops by itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

use std::convert::Infallible;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, JsonObject,
    ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Map, Value, json};
use tokio::net::{TcpListener, TcpStream};

const TOOLS: [&str; 3] = ["echo", "secret", "echo_evil"];

#[derive(Clone)]
struct Recording {
    ledger: PathBuf,
}

impl Recording {
    /// One line before the tool does anything: what ran, with what, and the headers no client sends by itself.
    fn record(&self, tool: &str, arguments: &JsonObject, parts: Option<&Parts>) {
        let mut unusual = Map::new();
        for (name, value) in parts.iter().flat_map(|parts| &parts.headers) {
            if name.as_str().starts_with("x-") {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                unusual.insert(name.to_string(), value.into());
            }
        }
        let line = json!({"tool": tool, "arguments": arguments, "headers": unusual});
        // In one piece: calls run beside each other.
        let line = format!("{line}\n");
        open(&self.ledger).write_all(line.as_bytes()).unwrap();
    }
}

fn open(ledger: &Path) -> std::fs::File {
    let mut options = OpenOptions::new();
    options.create(true).append(true).open(ledger).unwrap()
}

impl ServerHandler for Recording {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let schema = json!({"type": "object"}).as_object().unwrap().clone();
        let tools = TOOLS.map(|name| Tool::new(name, "A tool of the tests.", schema.clone()));
        Ok(ListToolsResult::with_all_items(tools.into()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = request.name.as_ref();
        if !TOOLS.contains(&name) {
            return Err(ErrorData::invalid_params("unknown tool", None));
        }
        let arguments = request.arguments.clone().unwrap_or_default();
        self.record(name, &arguments, context.extensions.get::<Parts>());
        let said = arguments.get("message").and_then(Value::as_str);
        let text = format!("Echo: {}", said.unwrap_or_default());
        Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
    }
}

type Service = StreamableHttpService<Recording, LocalSessionManager>;

async fn converse(stream: TcpStream, service: Service) {
    let answer = service_fn(move |request| {
        let service = service.clone();
        async move { Ok::<_, Infallible>(service.handle(request).await) }
    });
    // A client that goes away is no failure of the server.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}

async fn serve(ledger: PathBuf) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let service: Service = StreamableHttpService::new(
        move || {
            Ok(Recording {
                ledger: ledger.clone(),
            })
        },
        Arc::default(),
        StreamableHttpServerConfig::default(),
    );
    println!("LISTENING {}", listener.local_addr().unwrap().port());
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(converse(stream, service.clone()));
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)).cloned()
    };
    let ledger = PathBuf::from(value("--ledger").expect("usage: --ledger FILE"));
    open(&ledger);
    let seconds = value("--stop-after").map_or(900, |text| text.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let served = async {
        let _ = tokio::time::timeout(Duration::from_secs(seconds), serve(ledger)).await;
    };
    runtime.block_on(served);
    runtime.shutdown_background();
}
