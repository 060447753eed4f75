//! Where the control plane is.

use hyper::Uri;
use hyper::http::uri::{InvalidUri, PathAndQuery};

/// The addresses of one tunnel (wire sheet 1.3).
#[derive(Clone, Debug)]
pub struct Endpoint {
    base: Uri,
    tunnel_path: String,
    channels: Vec<String>,
    response: Uri,
    tunnel: Uri,
}

impl Endpoint {
    /// The addresses below `base`: its scheme and host, then `prefix`, then the tunnel's route. A path of `base` is not used.
    ///
    /// `channels` narrows the poll to these channels, in this order; none means all.
    ///
    /// # Errors
    /// When a part does not fit into an address; configuration checks them all first.
    pub fn new(
        base: &Uri,
        prefix: &str,
        tunnel_id: &str,
        channels: &[String],
    ) -> Result<Self, InvalidUri> {
        let tunnel_path = format!("{}/v1/tunnels/{tunnel_id}", prefix.trim_end_matches('/'));
        let response = at(base, &format!("{tunnel_path}/response"))?;
        let tunnel = at(base, &tunnel_path)?;
        Ok(Self {
            tunnel,
            base: base.clone(),
            tunnel_path,
            channels: channels.to_vec(),
            response,
        })
    }

    /// The address of one poll. Parameters stand in alphabetical order (wire sheet 5.1).
    ///
    /// # Errors
    /// None that [`Self::new`] did not have.
    pub fn poll(&self, limit: usize, timeout_ms: u128) -> Result<Uri, InvalidUri> {
        let channels: String = self
            .channels
            .iter()
            .map(|name| format!("channel={name}&"))
            .collect();
        at(
            &self.base,
            &format!(
                "{}/poll?{channels}limit={limit}&timeout_ms={timeout_ms}",
                self.tunnel_path
            ),
        )
    }

    /// The address of the tunnel's description, which takes no command.
    #[must_use]
    pub fn tunnel(&self) -> &Uri {
        &self.tunnel
    }

    /// The address replies go to.
    #[must_use]
    pub fn response(&self) -> &Uri {
        &self.response
    }
}

fn at(base: &Uri, path: &str) -> Result<Uri, InvalidUri> {
    let mut parts = base.clone().into_parts();
    parts.path_and_query = Some(path.parse::<PathAndQuery>()?);
    // A scheme, a host and a path always make an address; anything else is the text's own error.
    Uri::from_parts(parts).or_else(|_| path.parse())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TUNNEL: &str = "tunnel_0123456789abcdef0123456789abcdef";

    #[test]
    fn a_poll_goes_to_the_tunnels_route_cp_001_009() {
        let endpoint =
            Endpoint::new(&"https://api.openai.com".parse().unwrap(), "", TUNNEL, &[]).unwrap();
        let expected =
            format!("https://api.openai.com/v1/tunnels/{TUNNEL}/poll?limit=5&timeout_ms=1000");
        assert_eq!(endpoint.poll(5, 1000).unwrap().to_string(), expected);
        assert_eq!(
            endpoint.response().path(),
            format!("/v1/tunnels/{TUNNEL}/response")
        );
    }

    #[test]
    fn a_gateway_prefix_comes_first_and_a_path_of_the_base_is_not_used_cp_014_016() {
        let base = "https://gw.example:8443/v1/tunnel".parse().unwrap();
        let endpoint = Endpoint::new(&base, "/chatgpttunnelgateway/dev/us", TUNNEL, &[]).unwrap();
        let uri = endpoint.poll(1, 1).unwrap();
        assert_eq!(uri.authority().unwrap().as_str(), "gw.example:8443");
        assert_eq!(
            uri.path(),
            format!("/chatgpttunnelgateway/dev/us/v1/tunnels/{TUNNEL}/poll")
        );
    }

    #[test]
    fn channels_are_repeated_and_first_cp_008() {
        let channels = ["harpoon".to_owned(), "main".to_owned()];
        let endpoint = Endpoint::new(
            &"http://127.0.0.1:9".parse().unwrap(),
            "",
            TUNNEL,
            &channels,
        )
        .unwrap();
        assert_eq!(
            endpoint.poll(20, 30_000).unwrap().query(),
            Some("channel=harpoon&channel=main&limit=20&timeout_ms=30000")
        );
    }
}
