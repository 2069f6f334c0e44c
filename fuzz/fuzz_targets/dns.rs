//! Answers of name servers: any bytes are borne, and what is read is bounded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use octroi::wire::dns;

fuzz_target!(|bytes: &[u8]| {
    let name = "_vllm._tcp.gpu.example";
    // As it came, and behind a head that fits the question, so that the records are reached.
    drop(dns::answer(7, name, bytes));
    let mut message = dns::question(7, name).unwrap_or_default();
    if let Some(head) = message.get_mut(2..8) {
        head.copy_from_slice(&[0x81, 0x80, 0, 1, 0, 8]);
    }
    message.extend_from_slice(bytes);
    if let Ok(found) = dns::answer(7, name, &message) {
        assert!(found.len() <= 8);
        assert!(found.iter().all(|service| service.port > 0 && (1..255).contains(&service.host.len())));
    }
});
