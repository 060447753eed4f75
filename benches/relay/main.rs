//! What the agent costs beside a null relay: poll, forward, post, and nothing else, with the same crates, TLS settings and threads.
//!
//! Both run as processes of their own under the same load, on loopback, over mutual TLS on both sides. Rounds interleave, so that what
//! disturbs one disturbs the other; processor time is the kernel's count for the process. Figures, not a test: a budget that is missed is
//! printed as such, and only a call that was not answered as it should be ends the run with a failure.

mod child;
mod figures;
mod load;
mod null;
mod rounds;

use std::env;
use std::io::{self, Write as _};

use load::tls::Protocol;

/// Calls in flight at once, the most of each contender and what the load keeps up.
const IN_FLIGHT: usize = 64;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [null::ROLE, files, control, mcp] => {
            runtime.block_on(null::run(files.as_ref(), control, mcp))
        }
        _ => runtime.block_on(measure()),
    }
}

async fn measure() -> anyhow::Result<()> {
    let files = tempfile::tempdir()?;
    portcullis_certs::dev::Pki::new()?.write_to(files.path(), true)?;
    let mut out = io::stdout().lock();
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let measured = rounds::run(files.path(), protocol).await?;
        writeln!(out, "{measured}")?;
    }
    Ok(())
}
