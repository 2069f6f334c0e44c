//! `octroi witness`: signs checkpoints of logs that are not its own, so that nobody can take a log back unnoticed.
//!
//! It is run by somebody else than who runs the gateway. It holds a key, one small file a log, and no content: a checkpoint
//! is a name, a number and a hash. Its clients need no password, since only a log's own signature makes it sign.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::Subcommand;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use octroi_verify::VerifierKey;
use octroi_verify::policy::Policy;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use super::serve::Stop;
use super::{Exit, Printer, observe, runtime};
use crate::audit::witness::{self, REQUEST_BYTES_MAX, Refused, Witness};
use crate::gateway::tls;

/// Connections at one time.
const CONNECTIONS_MAX: usize = 64;
/// Time in which a connection must have asked and been answered.
const DEADLINE: Duration = Duration::from_secs(30);

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a witness: its folder and its key
    New(New),
    /// Answer requests to sign checkpoints
    Serve(Serve),
}

#[derive(Debug, clap::Args)]
pub(super) struct New {
    /// Its folder
    #[arg(default_value = "witness")]
    folder: PathBuf,
    /// Its name: a URL without the scheme, such as `works-council.example.com/witness`
    #[arg(long)]
    name: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// Its folder
    #[arg(default_value = "witness")]
    folder: PathBuf,
    /// The logs whose checkpoints it signs: a trust policy (C2SP tlog-policy), read again at each request
    #[arg(long)]
    logs: PathBuf,
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:9445")]
    listen: SocketAddr,
    /// Certificate chain, PEM; without it, it listens without TLS
    #[arg(long, requires = "key")]
    certificate: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long, requires = "certificate")]
    key: Option<PathBuf>,
}

pub(super) fn run(command: &Command, printer: Printer) -> anyhow::Result<Exit> {
    match command {
        Command::New(new) => {
            if new.name.is_empty() || new.name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+') {
                bail!("`--name` has no blanks and no `+`");
            }
            let public = witness::found(&new.folder, &new.name)?;
            printer.line(public.to_string());
            printer.say("hand this key to who runs the gateway (`[[audit.witnesses]] key`) and to the auditors");
            Ok(Exit::Well)
        }
        Command::Serve(arguments) => runtime()?.block_on(serve(arguments, printer)),
    }
}

/// A witness that serves.
struct Serving {
    witness: Witness,
    logs: PathBuf,
}

async fn serve(arguments: &Serve, printer: Printer) -> anyhow::Result<Exit> {
    let observed = observe::start(observe::Level::Info)?;
    let mut stop = Stop::heed()?;
    let witness = Witness::open(&arguments.folder)?;
    let acceptor = match (&arguments.certificate, &arguments.key) {
        (Some(certificate), Some(key)) => {
            let mut config = tls::server_config(tls::Identity::read(certificate, key)?, None)?;
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            Some(TlsAcceptor::from(Arc::new(config)))
        }
        _ => None,
    };
    let serving = Arc::new(Serving { witness, logs: arguments.logs.clone() });
    let known = serving.keys()?.len();
    let listener = tokio::net::TcpListener::bind(arguments.listen);
    let listener = listener.await.with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let scheme = if acceptor.is_some() { "https" } else { "http" };
    printer.say(format!("ready {scheme}://{}", listener.local_addr()?));
    printer.say(format!("witness {} of {known} logs", serving.witness.public()));
    let (tasks, room) = (TaskTracker::new(), Arc::new(Semaphore::new(CONNECTIONS_MAX)));
    let accept = async {
        loop {
            let place = Arc::clone(&room).acquire_owned().await?;
            let (stream, _) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(error = %error.kind(), "A connection could not be taken");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let (serving, acceptor) = (Arc::clone(&serving), acceptor.clone());
            tasks.spawn(async move {
                let served = async {
                    match acceptor {
                        Some(acceptor) => connection(acceptor.accept(stream).await?, serving).await,
                        None => connection(stream, serving).await,
                    }
                };
                match tokio::time::timeout(DEADLINE, served).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::debug!(%error, "A connection broke off"),
                    Err(_) => tracing::debug!("A connection took too long"),
                }
                drop(place);
            });
        }
        #[expect(unreachable_code, reason = "it names the type of the endless loop's errors")]
        anyhow::Ok(())
    };
    tokio::select! {
        ended = accept => ended?,
        () = stop.told() => {}
    }
    tasks.close();
    tasks.wait().await;
    observed.finish();
    Ok(Exit::Well)
}

/// Answers what comes over one connection.
async fn connection<S>(stream: S, serving: Arc<Serving>) -> anyhow::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |request| {
        let serving = Arc::clone(&serving);
        async move { answer(serving, request).await }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(DEADLINE).keep_alive(false);
    http.serve_connection(TokioIo::new(stream), service).await?;
    Ok(())
}

const TEXT: &str = "text/plain; charset=utf-8";

async fn answer(serving: Arc<Serving>, request: Request<Incoming>) -> anyhow::Result<Response<Full<Bytes>>> {
    let told = |status: StatusCode, kind: &'static str, text: String| {
        Response::builder().status(status).header(header::CONTENT_TYPE, kind).body(Full::new(Bytes::from(text)))
    };
    if request.uri().path() != "/add-checkpoint" {
        return Ok(told(StatusCode::NOT_FOUND, TEXT, "POST /add-checkpoint\n".to_owned())?);
    }
    if request.method() != Method::POST {
        return Ok(told(StatusCode::METHOD_NOT_ALLOWED, TEXT, "POST /add-checkpoint\n".to_owned())?);
    }
    let Ok(body) = Limited::new(request.into_body(), REQUEST_BYTES_MAX).collect().await else {
        return Ok(told(StatusCode::PAYLOAD_TOO_LARGE, TEXT, "too long\n".to_owned())?);
    };
    let body = body.to_bytes();
    let decided = tokio::task::spawn_blocking(move || serving.decide(&body)).await?;
    Ok(match decided {
        Ok(line) => told(StatusCode::OK, TEXT, line)?,
        Err(Refused::Conflict(size)) => told(StatusCode::CONFLICT, "text/x.tlog.size", format!("{size}\n"))?,
        Err(refused) => told(StatusCode::from_u16(refused.status())?, TEXT, format!("{refused}\n"))?,
    })
}

impl Serving {
    /// The keys of the logs.
    fn keys(&self) -> anyhow::Result<Vec<VerifierKey>> {
        let named = || format!("{}", self.logs.display());
        Ok(Policy::parse(&read(&self.logs).with_context(named)?).with_context(named)?.logs().to_vec())
    }

    fn decide(&self, body: &[u8]) -> Result<String, Refused> {
        let keys = self.keys().map_err(|error| {
            tracing::error!(error = format!("{error:#}"), "The list of logs cannot be read: nothing is signed");
            Refused::Storage
        })?;
        let decided = self.witness.add_checkpoint(body, &keys, now());
        match &decided {
            Ok(_) => tracing::info!("Signed a checkpoint"),
            Err(refused @ (Refused::Inconsistent | Refused::Conflict(_))) => {
                tracing::warn!(%refused, "A checkpoint of a known log was not signed");
            }
            Err(refused) => tracing::debug!(%refused, "A checkpoint was not signed"),
        }
        decided
    }
}

#[expect(clippy::disallowed_methods, reason = "the command line names the list of logs")]
fn read(path: &std::path::Path) -> std::io::Result<String> {
    std::fs::read_to_string(path)
}

/// Seconds since the epoch.
#[expect(clippy::disallowed_methods, reason = "a signature is dated")]
fn now() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or(0)
}
