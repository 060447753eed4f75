//! Where the listeners are: an address, or a socket file.
//!
//! Promises: a socket file is replaced only if nobody answers behind it, and nothing else is ever replaced (RZ-016); it is removed on stop.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::health::Audience;

/// Out of file handles, most likely: others must end first.
const AFTER_A_FAILED_ACCEPT: Duration = Duration::from_millis(100);

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// An address; port 0 takes a free one.
    Tcp(SocketAddr),
    /// A socket file with this mode.
    Unix {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
}

/// An open listener; a socket file goes away with it.
#[derive(Debug)]
pub struct Bound {
    listener: Listener,
}

#[derive(Debug)]
enum Listener {
    Tcp(TcpListener, SocketAddr),
    Unix(UnixListener, SocketFile),
}

#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Somebody else may have removed it already.
        let _ = fs::remove_file(&self.0);
    }
}

/// One accepted connection.
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Bound {
    /// Opens the listener. Needs a Tokio runtime.
    ///
    /// # Errors
    /// The system's own; `AddrInUse` if somebody answers behind the socket file; `AlreadyExists` if the file is something else.
    pub async fn open(place: &Place) -> io::Result<Self> {
        let listener = match place {
            Place::Tcp(address) => {
                let tcp = TcpListener::bind(address).await?;
                let address = tcp.local_addr()?;
                Listener::Tcp(tcp, address)
            }
            Place::Unix { path, mode } => {
                make_way(path).await?;
                let unix = UnixListener::bind(path)?;
                let file = SocketFile(path.clone());
                fs::set_permissions(path, fs::Permissions::from_mode(*mode))?;
                Listener::Unix(unix, file)
            }
        };
        Ok(Self { listener })
    }

    /// How to reach it: `http://host:port`, or `http+unix://` and the path in base64url. A wildcard address is told as `localhost` (RZ-018).
    #[must_use]
    pub fn url(&self) -> String {
        match &self.listener {
            Listener::Tcp(_, address) if address.ip().is_unspecified() => {
                format!("http://localhost:{}", address.port())
            }
            Listener::Tcp(_, address) => format!("http://{address}"),
            Listener::Unix(_, SocketFile(path)) => {
                let path = URL_SAFE_NO_PAD.encode(path.as_os_str().as_encoded_bytes());
                format!("http+unix://{path}")
            }
        }
    }

    /// Who can reach it.
    pub(super) fn audience(&self) -> Audience {
        match &self.listener {
            Listener::Tcp(_, address) if address.ip().is_loopback() => Audience::ThisMachine,
            Listener::Tcp(..) => Audience::Network,
            Listener::Unix(..) => Audience::SocketFile,
        }
    }

    /// The next connection. A failure to accept is waited out.
    pub(super) async fn accept(&self) -> Stream {
        loop {
            let accepted = match &self.listener {
                Listener::Tcp(tcp, _) => tcp.accept().await.map(|(stream, _)| Stream::Tcp(stream)),
                Listener::Unix(unix, _) => {
                    unix.accept().await.map(|(stream, _)| Stream::Unix(stream))
                }
            };
            match accepted {
                Ok(stream) => return stream,
                Err(_) => tokio::time::sleep(AFTER_A_FAILED_ACCEPT).await,
            }
        }
    }
}

/// Removes a socket file that nobody answers behind.
async fn make_way(path: &Path) -> io::Result<()> {
    let there = match path.symlink_metadata() {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !there.file_type().is_socket() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "a file that is no socket stands there",
        ));
    }
    match UnixStream::connect(path).await {
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            "another process answers behind that socket",
        )),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
    }
}
