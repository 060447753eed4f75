//! Arguments in, exit code out.

use std::io;
use std::process::ExitCode;

use portcullis::cli;
use portcullis::config::Environment;
use portcullis::ops::log;

fn main() -> ExitCode {
    log::report_panics();
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let code = cli::main(
        std::env::args_os(),
        &Environment::of_process(),
        &mut out,
        &mut err,
    );
    ExitCode::from(code)
}
