//! The replies to one command.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{
    Command, Plane, Reply,
    command::Ids,
    desk::{Open, Queued},
};
use crate::demo::token;

/// No final reply can come any more: the control plane is gone, or the final reply was given out before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no reply can come any more")]
pub struct Gone;

/// A queued command. Dropping it withdraws the command: a later reply is answered 404.
#[must_use = "dropping it withdraws the command"]
pub struct Pending {
    plane: Arc<Plane>,
    ids: Ids,
    replies: mpsc::UnboundedReceiver<Reply>,
    notices: Vec<Reply>,
}

impl Pending {
    pub(super) fn enqueue(plane: &Arc<Plane>, command: Command) -> Self {
        let ids = Ids {
            request_id: format!("req-{}", token::hex()),
            shard_token: format!("shard-{}", token::hex()),
        };
        let element = command.encode(&ids);
        let (sender, replies) = mpsc::unbounded_channel();
        let open = Open {
            shard_token: ids.shard_token.clone(),
            client_request_id: command.client_request_id().map(str::to_owned),
            kind: command.kind,
            channel: command.channel.clone(),
            ask: command.ask(),
            replies: sender,
        };
        let mut desk = plane.desk.lock();
        desk.open.insert(ids.request_id.clone(), open);
        desk.queue.push_back(Queued {
            request_id: ids.request_id.clone(),
            channel: command.channel,
            element,
        });
        drop(desk);
        Self {
            plane: plane.clone(),
            ids,
            replies,
            notices: Vec::new(),
        }
    }

    /// The command's `request_id`.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.ids.request_id
    }

    /// The command's `shard_token`.
    #[must_use]
    pub fn shard_token(&self) -> &str {
        &self.ids.shard_token
    }

    /// The next reply, be it a notification or the final one; none after the final one.
    pub async fn next(&mut self) -> Option<Reply> {
        let reply = self.replies.recv().await?;
        if !reply.is_final() {
            self.notices.push(reply.clone());
        }
        Some(reply)
    }

    /// The final reply. Notifications that come before it are kept in [`Self::notices`].
    ///
    /// # Errors
    /// See [`Gone`].
    pub async fn reply(&mut self) -> Result<Reply, Gone> {
        loop {
            match self.next().await {
                Some(reply) if reply.is_final() => return Ok(reply),
                Some(_) => {}
                None => return Err(Gone),
            }
        }
    }

    /// The notifications received so far, in order.
    #[must_use]
    pub fn notices(&self) -> &[Reply] {
        &self.notices
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.plane.desk.lock().withdraw(&self.ids.request_id);
    }
}
