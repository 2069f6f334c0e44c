//! `octroi serve` in a process of its own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};

use super::{Plot, until};

/// A running process. It is killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    /// Reads what else it says, to the end.
    rest: Option<std::thread::JoinHandle<String>>,
}

/// Reads lines to the end.
fn read_on(mut said: BufReader<std::process::ChildStderr>) -> String {
    let mut rest = String::new();
    said.read_to_string(&mut rest).map(|_| rest).unwrap()
}

impl Process {
    /// Starts a gateway with these variables in its environment, and waits until it listens.
    pub(crate) fn start(plot: &Plot, variables: &[(&str, &str)]) -> Self {
        Self::start_and(plot, variables, read_on)
    }

    /// The same, but nobody reads what it says once it listens: the pipe is broken.
    pub(crate) fn start_unread(plot: &Plot) -> Self {
        Self::start_and(plot, &[], |said| {
            drop(said);
            String::new()
        })
    }

    fn start_and(
        plot: &Plot,
        variables: &[(&str, &str)],
        then: impl FnOnce(BufReader<std::process::ChildStderr>) -> String + Send + 'static,
    ) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_octroi"))
            .args(["serve", "--config"])
            .arg(plot.write_configuration())
            .envs(variables.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let (mut address, mut line) = (None, String::new());
        loop {
            line.clear();
            assert!(said.read_line(&mut line).unwrap() > 0, "the gateway did not start");
            if let Some(found) = line.strip_prefix("ready https://") {
                address = found.trim().parse().ok();
            }
            if let (Some(address), Some(admin)) = (address, line.strip_prefix("admin http://")) {
                let admin = admin.trim().parse().unwrap();
                let rest = std::thread::spawn(move || then(said));
                return Self { child, address, admin, rest: Some(rest) };
            }
        }
    }

    /// Starts a gateway that is to end by itself, before it listens.
    pub(crate) fn start_in_vain(plot: &Plot, variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_octroi"))
            .args(["serve", "--config"])
            .arg(plot.write_configuration())
            .envs(variables.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { child, address: nowhere, admin: nowhere, rest: Some(std::thread::spawn(move || read_on(said))) }
    }

    /// Its number in the system.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until it has ended; what it said meanwhile, and how it ended.
    pub(crate) async fn ended(mut self) -> (String, ExitStatus) {
        let child = std::cell::RefCell::new(&mut self.child);
        let status = until("the end of the process", async || child.borrow_mut().try_wait().unwrap()).await;
        (self.rest.take().unwrap().join().unwrap(), status)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
