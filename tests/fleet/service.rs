//! Servers that DNS names for a service: by priority and weight, and only those that the inventory names.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;

use super::common::{Answer, until};
use super::{Fleet, Mode};

/// A server of the service, as DNS tells: priority, weight, port, host.
type Told = (u16, u16, u16, &'static str);

/// A name server that answers every question with these servers.
struct Names {
    address: SocketAddr,
    told: Arc<Mutex<Vec<Told>>>,
}

impl Names {
    fn start() -> Self {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let (address, told) = (socket.local_addr().unwrap(), Arc::new(Mutex::new(Vec::<Told>::new())));
        let (socket, telling) = (UdpSocket::from_std(socket).unwrap(), Arc::clone(&told));
        tokio::spawn(async move {
            let mut buffer = [0; 512];
            while let Ok((count, from)) = socket.recv_from(&mut buffer).await {
                let told = telling.lock().unwrap().clone();
                let mut message = buffer[..count].to_vec();
                message[2..4].copy_from_slice(&[0x81, 0x80]);
                message[6..8].copy_from_slice(&u16::try_from(told.len()).unwrap().to_be_bytes());
                for (priority, weight, port, host) in told {
                    let mut data = [priority, weight, port].map(u16::to_be_bytes).concat();
                    for label in host.split('.') {
                        data.push(u8::try_from(label.len()).unwrap());
                        data.extend(label.bytes());
                    }
                    data.push(0);
                    message.extend([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 1]);
                    message.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
                    message.extend(data);
                }
                socket.send_to(&message, from).await.unwrap();
            }
        });
        Self { address, told }
    }

    fn tell(&self, told: Vec<Told>) {
        *self.told.lock().unwrap() = told;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_of_a_service_are_followed_by_priority() {
    let names = Names::start();
    let fleet = Fleet::open(&[Mode::Well, Mode::Well, Mode::Well], |plot, gpus| {
        let [one, two, _] = [0, 1, 2].map(|at: usize| gpus[at].server.port);
        names.tell(vec![(1, 0, one, "localhost"), (2, 0, two, "localhost"), (0, 0, 443, "gpu.elsewhere.example")]);
        let resolver = names.address;
        let service = format!("{{ name = \"_vllm._tcp.gpu.example\", every_s = 1, resolver = \"{resolver}\" }}");
        plot.backends.insert("paris-gpu-1", format!("endpoints_srv = {service}"));
        // Until the first answer the host of the URL is asked.
        plot.elsewhere.insert("paris-gpu-1", gpus[2].server.port);
    })
    .await;
    let chat = async |number: usize| fleet.house.client.chat(&format!("{number} question"), false).await.status;
    until("the first answer is in force", async || {
        assert_eq!(chat(0).await, 200);
        (fleet.gpus[0].asked() > 0).then_some(())
    })
    .await;
    let before = fleet.asked();
    for number in 0..20 {
        assert_eq!(chat(number).await, 200);
    }
    let now = fleet.asked();
    assert_eq!([now[0] - before[0], now[1] - before[1]], [20, 0], "those of the lowest priority serve");
    fleet.gpus[0].become_(Mode::Dead);
    until("those of the next priority serve", async || {
        assert_eq!(chat(1).await, 200);
        (fleet.gpus[1].asked() > 3).then_some(())
    })
    .await;
    names.tell(vec![(0, 0, fleet.gpus[2].server.port, "localhost")]);
    let asked = fleet.gpus[2].asked();
    until("a change is followed", async || {
        assert_eq!(chat(2).await, 200);
        (fleet.gpus[2].asked() > asked + 3).then_some(())
    })
    .await;
    // A service whose servers the inventory does not name leaves nobody to send to: nothing leaves home for it.
    names.tell(vec![(0, 0, 443, "gpu.elsewhere.example")]);
    until("nobody is left", async || (chat(3).await != 200 || !fleet.abroad.asked().is_empty()).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn weights_are_respected_under_load() {
    let names = Names::start();
    let fleet = Fleet::open(&[Mode::Held, Mode::Held], |plot, gpus| {
        let [heavy, light] = [0, 1].map(|at: usize| gpus[at].server.port);
        names.tell(vec![(0, 30, heavy, "localhost"), (0, 10, light, "localhost")]);
        let resolver = names.address;
        let service = format!("{{ name = \"_vllm._tcp.gpu.example\", resolver = \"{resolver}\" }}");
        plot.backends.insert("paris-gpu-1", format!("endpoints_srv = {service}"));
        plot.elsewhere.insert("paris-gpu-1", gpus[0].server.port);
        "first_byte_s = 30".clone_into(&mut plot.backend);
    })
    .await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let mut asked = Vec::new();
    for number in 0..40_usize {
        let client = fleet.house.client.clone();
        asked.push(tokio::spawn(async move { client.chat(&format!("{number} question"), false).await.status }));
        until("it is asked", async || (fleet.asked().iter().sum::<usize>() > number).then_some(())).await;
    }
    let shares = fleet.asked();
    assert!((26..=34).contains(&shares[0]), "three to one: {shares:?}");
    for _ in 0..40 {
        fleet.gpus.iter().for_each(|gpu| gpu.server.go());
    }
    for status in asked {
        assert_eq!(status.await.unwrap(), 200);
    }
}

/// A server that is taken out while requests wait for it gets nothing more; what runs there is finished, and who waits goes to the
/// one in its place.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_taken_out_gets_nothing_more() {
    let fleet = Fleet::open(&[Mode::Held, Mode::Well], |plot, gpus| {
        std::fs::write(plot.path("gpus.txt"), format!("localhost:{}\n", gpus[0].server.port)).unwrap();
        plot.backends.insert("paris-gpu-1", "endpoints_file = \"gpus.txt\"\nfull_requests = 1".to_owned());
        "first_byte_s = 30".clone_into(&mut plot.backend);
        plot.extra = "[waiting]\ndeadline_s = 30\n".to_owned();
        super::no_clause(plot);
    })
    .await;
    let ask = |content: &str| {
        let (client, content) = (fleet.house.client.clone(), content.to_owned());
        tokio::spawn(async move { client.chat(&content, false).await })
    };
    let running = ask("runs");
    until("it runs", async || (fleet.gpus[0].asked() == 1).then_some(())).await;
    let waiting: Vec<_> = (0..4).map(|number| ask(&format!("waits {number}"))).collect();
    let waits = async || {
        let metrics = super::common::page(fleet.house.app.admin().unwrap(), "/metrics").await.unwrap().1;
        metrics.contains("octroi_requests_waiting{tier=\"on premises\"} 4").then_some(())
    };
    until("they wait", waits).await;
    std::fs::write(fleet.house.plot.path("gpus.txt"), format!("localhost:{}\n", fleet.gpus[1].server.port)).unwrap();
    for answer in waiting {
        let Answer { status, body, .. } = answer.await.unwrap();
        assert_eq!(status, 200, "{body}");
    }
    fleet.gpus[0].server.go();
    assert_eq!(running.await.unwrap().status, 200, "what ran is finished");
    assert_eq!(fleet.asked(), [1, 4], "the one that was taken out got nothing more");
}
