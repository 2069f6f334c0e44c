//! A model server over TLS that does what a test says, byte by byte, and tells what it saw. It speaks HTTP/1.1 by hand, so
//! that it can also speak it badly.

use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::PATIENCE;

/// What a server does next.
#[derive(Clone)]
pub(crate) enum Step {
    /// Writes bytes as they are.
    Raw(Vec<u8>),
    /// Writes one chunk of a chunked body; an empty one ends it.
    Chunk(Vec<u8>),
    /// Waits until the test lets it go on.
    Wait,
    /// Cuts the connection with a TCP reset.
    Reset,
    /// Closes the connection in order.
    Close,
    /// Says nothing more.
    Stall,
}

/// A request that reached the server.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// What the user says, in chat or responses.
    pub(crate) fn said(&self) -> String {
        let body = self.json();
        let said = body.pointer("/messages/0/content").unwrap_or(&body["input"]);
        said.as_str().unwrap().to_owned()
    }
}

type Script = dyn Fn(&Asked) -> Vec<Step> + Send + Sync;

struct Shared {
    script: Mutex<Arc<Script>>,
    asked: Mutex<Vec<Asked>>,
    go: Semaphore,
    /// What is answered to any `GET`.
    page: Mutex<String>,
    /// Connections that the other side ended while an answer was due.
    left: watch::Sender<usize>,
}

/// A running server. It stops when it is dropped.
pub(crate) struct Scripted {
    pub(crate) port: u16,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

impl Scripted {
    pub(crate) async fn start(
        tls: Arc<ServerConfig>,
        script: impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        let mut tls = ServerConfig::clone(&tls);
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            script: Mutex::new(Arc::new(script)),
            asked: Mutex::default(),
            go: Semaphore::new(0),
            page: Mutex::new("{}".to_owned()),
            left: watch::Sender::new(0),
        });
        let mut tasks = JoinSet::new();
        let serving = Arc::clone(&shared);
        tasks.spawn(async move {
            let mut lines = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                while lines.try_join_next().is_some() {}
                let (acceptor, shared) = (acceptor.clone(), Arc::clone(&serving));
                lines.spawn(async move {
                    stream.set_nodelay(true).unwrap();
                    if let Ok(stream) = acceptor.accept(stream).await {
                        shared.serve(stream).await;
                    }
                });
            }
        });
        Self { port, shared, _tasks: tasks }
    }

    /// Lets one [`Step::Wait`] go on.
    pub(crate) fn go(&self) {
        self.shared.go.add_permits(1);
    }

    /// Sets what it does from now on.
    pub(crate) fn set_script(&self, script: impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static) {
        *self.shared.script.lock().unwrap() = Arc::new(script);
    }

    /// Sets what is answered to any `GET`: checks and polls.
    pub(crate) fn set_page(&self, page: &str) {
        page.clone_into(&mut self.shared.page.lock().unwrap());
    }

    /// Requests with a body so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// Waits until the other side has ended so many connections while an answer was due.
    pub(crate) async fn left(&self, count: usize) {
        let mut left = self.shared.left.subscribe();
        let waiting = left.wait_for(|left| *left >= count);
        tokio::time::timeout(PATIENCE, waiting).await.expect("the request was not cancelled").unwrap();
    }
}

impl Shared {
    async fn serve(&self, mut stream: TlsStream<TcpStream>) {
        let mut unread = Vec::new();
        while let Some(asked) = request(&mut stream, &mut unread).await {
            if asked.head.starts_with("GET ") {
                let page = self.page.lock().unwrap().clone();
                let answer = json("200 OK", "", &page);
                for step in answer {
                    self.step(&mut stream, step).await;
                }
                continue;
            }
            self.asked.lock().unwrap().push(asked.clone());
            let script = Arc::clone(&self.script.lock().unwrap());
            for step in script(&asked) {
                if !self.step(&mut stream, step).await {
                    return;
                }
            }
        }
    }

    /// Does one step; false when the connection is over.
    async fn step(&self, stream: &mut TlsStream<TcpStream>, step: Step) -> bool {
        match step {
            Step::Raw(bytes) => stream.write_all(&bytes).await.is_ok() && stream.flush().await.is_ok(),
            Step::Chunk(bytes) => {
                let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
                chunk.extend_from_slice(&bytes);
                chunk.extend_from_slice(b"\r\n");
                stream.write_all(&chunk).await.is_ok() && stream.flush().await.is_ok()
            }
            Step::Wait | Step::Stall => {
                let go = async {
                    match step {
                        Step::Wait => self.go.acquire().await.unwrap().forget(),
                        _ => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = go => true,
                    _ = stream.read_u8() => {
                        self.left.send_modify(|left| *left += 1);
                        false
                    }
                }
            }
            Step::Reset => {
                stream.get_ref().0.set_zero_linger().unwrap();
                false
            }
            Step::Close => {
                drop(stream.shutdown().await);
                false
            }
        }
    }
}

/// Reads one request.
async fn request(stream: &mut TlsStream<TcpStream>, unread: &mut Vec<u8>) -> Option<Asked> {
    loop {
        if let Some(end) = unread.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(unread[..end].to_vec()).unwrap().to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let whole = end + 4 + length.map_or(0, |length| length.parse::<usize>().unwrap());
            if unread.len() >= whole {
                let head = String::from_utf8(unread[..end].to_vec()).unwrap();
                let body = String::from_utf8(unread[end + 4..whole].to_vec()).unwrap();
                unread.drain(..whole);
                return Some(Asked { head, body });
            }
        }
        if !matches!(stream.read_buf(unread).await, Ok(1..)) {
            return None;
        }
    }
}

/// A whole answer of JSON; `headers` end in a line break each.
pub(crate) fn json(status: &str, headers: &str, body: &str) -> Vec<Step> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n");
    vec![Step::Raw([head.as_bytes(), body.as_bytes()].concat())]
}

/// The head of a streamed answer.
pub(crate) fn stream() -> Step {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    Step::Raw(head.as_bytes().to_vec())
}

/// A chat answer that repeats what the user said.
pub(crate) fn echo(asked: &Asked) -> Vec<Step> {
    let message = serde_json::json!({"role": "assistant", "content": asked.said()});
    let choices = serde_json::json!([{"index": 0, "message": message, "finish_reason": "stop"}]);
    json("200 OK", "", &serde_json::json!({"id": "c", "object": "chat.completion", "choices": choices}).to_string())
}

/// One event of a streamed chat answer.
pub(crate) fn delta(content: &str) -> String {
    let delta = serde_json::json!({"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": null}]});
    format!("data: {delta}\n\n")
}

/// The same answer, compressed: what is written at once is flushed at once.
pub(crate) fn coded(coding: &str, steps: Vec<Step>) -> Vec<Step> {
    let mut steps = steps.into_iter();
    let Some(Step::Raw(first)) = steps.next() else { panic!("an answer begins with its head") };
    let end = first.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let (head, body) = (std::str::from_utf8(&first[..end]).unwrap(), &first[end + 4..]);
    let said =
        head.lines().filter(|line| !line.starts_with("content-length") && !line.starts_with("transfer-encoding"));
    let head = said.collect::<Vec<_>>().join("\r\n");
    let head =
        format!("{head}\r\ncontent-encoding: {}\r\ntransfer-encoding: chunked\r\n\r\n", super::coding::called(coding));
    let mut texts = vec![body.to_vec()];
    for step in steps {
        match step {
            Step::Chunk(text) => texts.push(text),
            _ => panic!("only chunks can be compressed"),
        }
    }
    texts.retain(|text| !text.is_empty());
    let parts = super::coding::flushed(coding, &texts).into_iter().filter(|part| !part.is_empty()).map(Step::Chunk);
    std::iter::once(Step::Raw(head.into_bytes())).chain(parts).chain([Step::Chunk(Vec::new())]).collect()
}
