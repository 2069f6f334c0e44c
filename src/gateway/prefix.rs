//! The leading blocks of a conversation, as keyed hashes: which endpoint is likely to hold its KV cache.
//!
//! The boundaries are those of messages, because the next turn repeats all of them and adds to them. Keyed per tenant: nobody
//! learns from where a request goes whether another tenant said the same. The original text is hashed; pseudonyms are stable
//! within tenant and app, so that what is sent repeats itself as well.

use aws_lc_rs::hmac;
use siphasher::sip::SipHasher13;
use std::hash::Hasher as _;

use super::examine::Examined;
use crate::balance::{Ask, BLOCKS_MAX, Block, adapter};
use crate::model::Role;

/// Bytes that count as one token: between English (four) and other languages and code (three).
const BYTES_A_TOKEN: usize = 4;

/// What an answer of usual length costs, in tokens of a prompt.
const ANSWER_COST: u64 = 2_000;

/// What routing needs to know of a conversation.
#[derive(Debug, Clone, Default)]
pub(super) struct Prefix {
    tokens: u32,
    blocks: Vec<Block>,
    home: Option<u64>,
    stream: bool,
}

impl Prefix {
    /// Reads a request. The hashes are left out where nobody asks for them.
    pub(super) fn new(examined: &Examined, hashed: bool) -> Self {
        let call = &examined.call;
        let mut prefix = Self { tokens: tokens(call.body.len()), blocks: Vec::new(), home: None, stream: call.stream };
        if hashed {
            let key = examined.snapshot.affinity_key(&examined.caller.tenant);
            prefix.read(examined, &key);
        }
        prefix
    }

    fn read(&mut self, examined: &Examined, key: &hmac::Key) {
        let call = &examined.call;
        let mut hasher = SipHasher13::new_with_key(&seed(key));
        let (mut bytes, mut group, mut said) = (0, None, None);
        for field in call.fields.iter().filter(|field| is_prompt(field.role)) {
            if group.is_some_and(|group| group != field.group) {
                self.end(&hasher, bytes, said);
            }
            let text = call.text(field);
            hasher.write(text.as_bytes());
            // Between two leaves, so that moving text from one to the next is another conversation.
            hasher.write_u8(0xff);
            bytes += text.len();
            (group, said) = (Some(field.group), Some(field.role));
        }
        self.end(&hasher, bytes, said);
        let long = self.blocks.len().saturating_sub(BLOCKS_MAX);
        self.blocks.drain(..long);
    }

    /// A message ends. The first of the user is the end of what stays the same over all turns.
    fn end(&mut self, hasher: &SipHasher13, bytes: usize, said: Option<Role>) {
        let key = hasher.finish();
        self.blocks.push(Block { key, tokens: tokens(bytes) });
        if self.home.is_none() && said == Some(Role::User) {
            self.home = Some(key);
        }
    }

    /// What it costs a server: the tokens of the prompt, and of a usual answer, each of which takes a step of its own.
    pub(super) fn cost(&self) -> u64 {
        u64::from(self.tokens) + ANSWER_COST
    }

    /// Whether the blocks were read.
    pub(super) fn is_hashed(&self) -> bool {
        !self.blocks.is_empty()
    }

    /// As it is asked of a backend that calls the model by this name.
    pub(super) fn ask(&self, model: Option<&str>) -> Ask<'_> {
        let Self { tokens, blocks, home, stream } = self;
        Ask { tokens: *tokens, blocks, home: *home, adapter: model.map(adapter), stream: *stream }
    }
}

fn is_prompt(role: Role) -> bool {
    matches!(
        role,
        Role::System | Role::User | Role::Assistant | Role::ToolCall | Role::ToolResult | Role::Schema | Role::Unknown
    )
}

fn tokens(bytes: usize) -> u32 {
    u32::try_from(bytes / BYTES_A_TOKEN).unwrap_or(u32::MAX).max(1)
}

fn seed(key: &hmac::Key) -> [u8; 16] {
    let mut seed = [0; 16];
    let mac = hmac::sign(key, b"prefix");
    seed.iter_mut().zip(mac.as_ref()).for_each(|(to, from)| *to = *from);
    seed
}
