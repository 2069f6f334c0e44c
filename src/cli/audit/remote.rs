//! `octroi audit verify URL`: a published log, read file by file over HTTP as it is verified; nothing is kept.

use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{Request, StatusCode, Uri};
use octroi_verify::published::Files;

use crate::app::web::{Conversation, Web};

/// Time for one file.
const DEADLINE: Duration = Duration::from_mins(1);

/// A published log behind an address.
pub(super) struct Remote {
    runtime: tokio::runtime::Runtime,
    prefix: String,
    web: Web,
    /// The connection that is open.
    talk: RefCell<Option<Conversation>>,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Remote {
    /// The log whose files lie below an address; authorities from a PEM file, or those of the system.
    pub(super) fn of(url: &str, roots: Option<&Path>) -> anyhow::Result<Self> {
        let prefix = url.trim_end_matches('/').to_owned();
        let uri: Uri = prefix.parse().context("not an address")?;
        let web = Web::to(&uri, roots)?;
        Ok(Self { runtime: crate::cli::runtime()?, prefix, web, talk: RefCell::default() })
    }

    async fn get(&self, name: &str, bytes_max: u64) -> anyhow::Result<Option<Vec<u8>>> {
        let uri: Uri = format!("{}/{name}", self.prefix).parse()?;
        let limit = usize::try_from(bytes_max).unwrap_or(usize::MAX);
        let open = self.talk.borrow_mut().take();
        // A server may close a connection that was idle for a moment: then the file is asked for over a new one.
        let answered = match open {
            Some(mut talk) => {
                talk.ask(Request::get(uri.clone()).body(Bytes::new())?, limit).await.ok().map(|it| (talk, it))
            }
            None => None,
        };
        let (talk, answer) = if let Some(answered) = answered {
            answered
        } else {
            let mut talk = self.web.connect(&uri).await?;
            let answer = talk.ask(Request::get(uri).body(Bytes::new())?, limit).await?;
            (talk, answer)
        };
        *self.talk.borrow_mut() = Some(talk);
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        match answer.status() {
            // No file of a log is a page: a server that answers with one for what it does not have has nothing there.
            StatusCode::OK if kind.to_ascii_lowercase().starts_with("text/html") => Ok(None),
            StatusCode::OK if answer.headers().contains_key(CONTENT_ENCODING) => {
                anyhow::bail!("the server answered in a content coding that nobody asked for")
            }
            StatusCode::OK => Ok(Some(answer.into_body().to_vec())),
            // A store whose files nobody may list says so of one that is not there.
            StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::FORBIDDEN => Ok(None),
            status => anyhow::bail!("the server answered {status}"),
        }
    }
}

impl Files for Remote {
    fn read(&self, name: &str, bytes_max: u64) -> io::Result<Vec<u8>> {
        let got = self.runtime.block_on(async {
            tokio::time::timeout(DEADLINE, self.get(name, bytes_max)).await.context("it took too long")?
        });
        match got {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(io::ErrorKind::NotFound.into()),
            Err(error) => Err(io::Error::other(format!("{error:#}"))),
        }
    }
}
