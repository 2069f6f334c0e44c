//! Pages on which model servers tell of themselves: any bytes are borne, and what is read lies in its range.
#![no_main]

use libfuzzer_sys::fuzz_target;
use octroi::balance::SERVERS;

fuzz_target!(|page: &str| {
    for server in &SERVERS {
        if let Some(said) = server.read(page) {
            assert!(said.kv_use.is_none_or(|share| (0.0..=1.0).contains(&share)), "{}", server.name);
            assert!(said.kv_tokens != Some(0), "{}", server.name);
        }
    }
});
