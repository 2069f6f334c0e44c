//! Every bound of the gateway, named, with its unit and its reason (law 7).
//!
//! Those that an operator may set are the defaults of `[limits]` in `octroi.toml`; the rest are fixed because a standard or
//! the arithmetic of a format fixes them.
//!
//! Longer than 400 lines: one table, so that whoever asks what is bounded reads one file.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::time::Duration;

/// Bytes of a request head: request line and headers. Enough for a long bearer token, far below what a flood needs.
pub const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Header fields of a request.
pub const HEADERS_MAX: usize = 100;
/// Bytes of a request body after decompression: a long context with attachments.
pub const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Bytes of bodies held at one time over all requests, so that many large ones meet a 503 and not the kernel: requests as they
/// came, as leaves and as they leave, and whole answers until the client has taken them. `gateway/budget.rs` shares them out.
pub const BODIES_BYTES_MAX: usize = 1024 * 1024 * 1024;
/// The same for one tenant: room for two of the largest bodies with all the leaves that they may have, or for thousands of
/// usual ones.
pub const TENANT_BODIES_BYTES_MAX: usize = 512 * 1024 * 1024;
/// A compressed body may grow by this factor once past [`INFLATE_FREE_BYTES`]; real JSON stays below 20.
pub const INFLATE_RATIO_MAX: usize = 100;
/// Codings that one answer may have on top of each other: that of a server, and that of a proxy before it.
pub const CODINGS_MAX: usize = 2;
/// Logarithm of the bytes that coded data may refer back to with `zstd`: 8 MiB, as RFC 9659 demands of a content coding.
pub const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// Members of `gzip`, frames of `zstd`, that one body may be made of: each begins with tables of its own, an empty one of a few bytes too.
pub const CODED_MEMBERS_MAX: usize = 65_536;
/// Bytes of output that any compressed body may have, whatever the ratio.
pub const INFLATE_FREE_BYTES: usize = 1024 * 1024;
/// Containers in containers in a JSON body; schemas of real tools stay below 20.
pub const JSON_DEPTH_MAX: usize = 64;
/// Leaves of a JSON body. A token array of 32 MiB is refused, not unrolled.
pub const JSON_LEAVES_MAX: usize = 1_000_000;
/// Bytes that a leaf takes once it is read: its node while the body is parsed, its field until the answer begins. They count
/// against [`BODIES_BYTES_MAX`], since two bytes of a body (`1,`) make a leaf.
pub const LEAF_BYTES: usize = 128;
/// Bytes of the name of a tool, of who speaks, of a format, as OpenAI's, Anthropic's, Google's and Bedrock's APIs take it.
pub const NAME_BYTES_MAX: usize = 64;
/// Containers in containers in a backend's reply: it may echo a schema of the request within its own structure.
pub const REPLY_DEPTH_MAX: usize = 2 * JSON_DEPTH_MAX;
/// Depth to which strings that hold JSON or an encoding are opened.
pub const NESTED_DEPTH_MAX: usize = 5;
/// Bytes of a label that Google's APIs take.
pub const LABEL_BYTES_MAX: usize = 63;
/// Bytes of the name of a document that Bedrock takes.
pub const TITLE_BYTES_MAX: usize = 200;
/// Bytes of the sealed name of a kept answer, as clients hold it: the provider's own name, where it is kept, and the facts of what
/// is kept. One that would be longer leaves the facts out, and they count as unknown.
pub const KEPT_NAME_BYTES_MAX: usize = 2048;
/// Bytes of the facts in such a name, unpacked: the bound that a decoder keeps.
pub const KEPT_FACTS_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a provider's own name for what it keeps; `OpenAI`'s have some 50.
pub const KEPT_ID_BYTES_MAX: usize = 256;
/// Characters of base64 or hexadecimal from which a run that is no text counts as unreadable: keys, signatures and the
/// cursors of APIs are shorter.
pub const OPAQUE_BYTES_MIN: usize = 512;
/// Characters from which such a run is looked at for the beginning of a binary file.
pub const OPAQUE_FILE_BYTES_MIN: usize = 24;
/// Characters of such a run that are opened to see whether it is text; a longer one counts as unreadable.
pub const OPAQUE_TEXT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How many times longer than a compressed stream in a text may be what comes out of it; with more it counts as unreadable.
pub const INFLATED_RATIO_MAX: usize = 8;

/// Time to receive a whole request head; a kept-alive HTTP/1.1 connection may lie idle as long.
pub const HEAD_DEADLINE: Duration = Duration::from_secs(20);
/// Time to receive a whole request body.
pub const BODY_DEADLINE: Duration = Duration::from_secs(30);
/// Time to finish a TLS handshake.
pub const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);
/// Time without a request after which an HTTP/2 connection is closed; while one is in work and nothing comes, as often is
/// asked whether its client is still there.
pub const IDLE_DEADLINE: Duration = Duration::from_mins(2);
/// Time in which a client must take a piece of an answer that was handed to its connection, beside what the slowest needs to
/// read it.
pub const STALL_DEADLINE: Duration = Duration::from_mins(1);
/// Bytes a second that the slowest client reads.
pub const READING_BYTES_PER_S: u64 = 16 * 1024;
/// Time that a client has to hear an answer that came before the end of its request, and to stop writing.
pub const LINGER_DEADLINE: Duration = Duration::from_secs(3);
/// Bytes that are then taken from it and thrown away; beyond it the connection is reset.
pub const LINGER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Connections from clients.
pub const CONNECTIONS_MAX: usize = 10_000;
/// Connections to the admin listener: probes, scrapers and a few who administer.
pub const ADMIN_CONNECTIONS_MAX: usize = 256;
/// Bytes of a request's body there: a key with all its scopes stays far below.
pub const ADMIN_BODY_BYTES_MAX: usize = 64 * 1024;
/// Concurrent streams of one HTTP/2 connection.
pub const STREAMS_MAX: u32 = 128;
/// Streams that an HTTP/2 client may open and reset before it is cut off (CVE-2023-44487).
pub const RESETS_MAX: usize = 64;
/// Requests in work at one time; the next gets 503.
pub const REQUESTS_MAX: usize = 2_048;

/// Time that the gateway's own work on a request may take longer than when nothing else is done; while more than a tenth takes
/// longer, fewer are worked on at one time.
pub const OWN_WORK: Duration = Duration::from_secs(1);
/// Requests that are worked on at one time in any case: a second of work on two cores, when each takes thirty milliseconds.
pub const OWN_WORK_REQUESTS_MIN: usize = 64;
/// Seconds after which one that was turned away may come again.
pub const SHED_RETRY_S: u32 = 2;

/// Bytes of a whole answer that are handed to the connection at once: a client that reads slowly is waited for piece by piece.
pub const ANSWER_PIECE_BYTES: usize = 64 * 1024;

/// Findings of one request; beyond it the scan counts as partial, and policy sees the unknown.
pub const FINDINGS_MAX: usize = 100_000;

/// Places of one request that detectors look at (numbers, words of a lexicon, marks of an address); one costs a microsecond or
/// two. Beyond it the scan counts as partial, and policy sees the unknown: sixteen megabytes of prose or five of figures pass.
pub const SCAN_PLACES_MAX: usize = 1_000_000;

/// Bytes that are remembered of one app's texts: a finding takes 20, so that a hundred histories of a megabyte fit.
pub const SCAN_MEMORY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Apps whose texts are remembered; beyond it all are forgotten.
pub const SCAN_MEMORY_APPS_MAX: usize = 64;

/// Time that an encoder may take for one request on the processor; what it does not say within is unknown. A passage of 96
/// words takes some ten milliseconds of one core with a small model.
pub const LEAK_ENCODER_BUDGET: Duration = Duration::from_millis(100);
/// Time for the comparison of one request with protected documents; beyond it the leak score is unknown.
pub const LEAK_BUDGET: Duration = Duration::from_secs(2);
/// Threads that compare one request with protected documents, where cores lie idle; of all requests together there are as many as
/// cores. More of them would wait for the same memory.
pub const LEAK_THREADS_MAX: usize = 8;
/// Windows of a corpus from which on idle cores help with one request: below it one core needs some milliseconds.
pub const LEAK_SHARED_WINDOWS_MIN: usize = 262_144;
/// Time over which what a caller sent of protected documents adds up.
pub const LEAK_HISTORY: Duration = Duration::from_hours(1);
/// Callers whose touched passages are remembered; beyond it those that were quiet longest are forgotten.
pub const LEAK_CALLERS_MAX: usize = 4_096;
/// Touched passages that are remembered of one caller.
pub const LEAK_PASSAGES_MAX: usize = 256;
/// Classes of which the nearest document is named in the record of one request.
pub const LEAK_CLASSES_NAMED_MAX: usize = 8;
/// Time between two looks at the folder of a corpus: what is added or removed counts within a second.
pub const LEAK_LOOK: Duration = Duration::from_millis(400);

/// Time to connect to a backend, TLS included.
pub const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// Time for one exchange with an issuer of credentials.
pub const TOKEN_DEADLINE: Duration = Duration::from_secs(10);
/// Bytes of its answer: real ones are below 8 KiB.
pub const TOKEN_BYTES_MAX: usize = 64 * 1024;
/// Longest time that a credential is held, whatever its issuer says.
pub const TOKEN_LIFETIME_MAX: Duration = Duration::from_hours(24);
/// Time before its end from which on a credential is no longer shown; a tenth of its life where that is less.
pub const TOKEN_MARGIN: Duration = Duration::from_secs(30);
/// Time until an issuer that gave nothing is asked again; doubles up to [`TOKEN_RETRY_MAX`].
pub const TOKEN_RETRY: Duration = Duration::from_secs(1);
/// Longest time between two askings of an issuer that gives nothing.
pub const TOKEN_RETRY_MAX: Duration = Duration::from_mins(1);
/// Time until a backend's answer begins. Large models think before the first token.
pub const FIRST_BYTE_DEADLINE: Duration = Duration::from_mins(5);
/// Time between two pieces of an answer.
pub const REPLY_IDLE_DEADLINE: Duration = Duration::from_mins(2);
/// Bytes of a whole (not streamed) answer.
pub const REPLY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Time for a whole answer, from its head: long reasoning takes tens of minutes, a drip of one byte a minute ends here.
pub const REPLY_DEADLINE: Duration = Duration::from_hours(1);
/// Bytes of a whole streamed answer: two hundred thousand tokens in frames of 300 bytes are 60 MB.
pub const STREAM_BYTES_MAX: usize = 1024 * 1024 * 1024;
/// Bytes that restored values may take in one answer; beyond it tokens stay as they are. A token of 20 bytes may stand for
/// megabytes, and a model may repeat it.
pub const RESTORED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Values in one text of an answer whose places are remembered, 64 bytes each; beyond it positions in it stay as they are.
pub const MOVES_MAX: usize = 65_536;
/// Bytes of one event of a streamed answer.
pub const EVENT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes of a backend's answer head.
pub const REPLY_HEAD_BYTES_MAX: usize = 64 * 1024;
/// Folders within each other, below a policy folder, that are watched: a candidate that is a bundle, its policies, their packs.
pub const POLICY_FOLDERS_DEEP: usize = 4;
/// The longest time for which a file that somebody is writing is waited for before it is read.
pub const WRITING_MAX: Duration = Duration::from_mins(1);
/// Time for which requests wait for the policy that is compiled when the validity of the one before ends.
pub const RENEWAL_WAIT: Duration = Duration::from_secs(2);
/// Times that a request is inspected because what is in force has changed meanwhile; the last one counts.
pub const DECISION_ROUNDS_MAX: usize = 3;
/// Backends tried for one request.
pub const ATTEMPTS_MAX: usize = 8;
/// Of these, so many are kept for the next tier where a clause opens one.
pub const ATTEMPTS_KEPT: usize = 2;
/// Time from the decision on a request within which its outcome is written, with room to spare: every backend that is tried may think
/// for [`FIRST_BYTE_DEADLINE`], and one answers for [`REPLY_DEADLINE`].
pub const UNDER_WAY_MAX: Duration = Duration::from_hours(2);
const _: () = assert!(
    FIRST_BYTE_DEADLINE.as_secs() * ATTEMPTS_MAX as u64 + REPLY_DEADLINE.as_secs() < UNDER_WAY_MAX.as_secs() * 9 / 10
);
/// Requests that wait for room at backends that are full, in one tier: about as many as may be in work beside them.
pub const WAITING_MAX: usize = 1_024;
/// Time from the decision for which a request waits for room: people give up about then, and clients ask again.
pub const WAITING_DEADLINE: Duration = Duration::from_secs(20);
/// Time from the decision after which a smaller model at home will do, where one is named.
pub const WAITING_SMALLER: Duration = Duration::from_secs(1);
/// Time between two looks of those who wait at what ends by itself: an ejection, a time after which a server is asked again.
pub const WAITING_LOOK: Duration = Duration::from_millis(100);
/// Weight of a tenant among those who wait, at most.
pub const WEIGHT_MAX: u32 = 1_000;

/// Idle connections kept for one backend.
pub const POOL_IDLE_MAX: usize = 64;
/// Time that an idle connection to a backend is kept: below the 5 s after which common model servers close it, because a
/// request that meets that close is not sent again.
pub const POOL_IDLE_DEADLINE: Duration = Duration::from_secs(4);
/// Time that a connection to a backend is used at all, so that its addresses and certificate are looked at again.
pub const CONNECTION_AGE_MAX: Duration = Duration::from_mins(10);
/// Addresses of one host that are tried for one connection.
pub const ADDRESSES_TRIED_MAX: usize = 8;
/// Bytes of one answer over HTTP/2 that may wait for a slow client.
pub const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
/// Bytes of all answers of one HTTP/2 connection that may wait: 128 stalled streams do not stall the next.
pub const CONNECTION_WINDOW_BYTES: u32 = 32 * 1024 * 1024;
/// Failures in a row after which a backend counts as unavailable.
pub const FAILURES_MAX: u32 = 3;
/// Time that a backend is first left alone after so many failed requests; doubles each time that it fails again.
pub const EJECTION: Duration = Duration::from_secs(5);
/// The longest time that a backend is left alone.
pub const EJECTION_MAX: Duration = Duration::from_mins(1);
/// Time that one active health check may take.
pub const HEALTH_DEADLINE: Duration = Duration::from_secs(5);
/// Time between two active health checks of a backend.
pub const HEALTH_INTERVAL: Duration = Duration::from_secs(5);

/// Bytes of a health page that are read before its connection is closed.
pub const HEALTH_BYTES_MAX: usize = 1024 * 1024;
/// Endpoints of one backend.
pub const ENDPOINTS_MAX: usize = 4_096;
/// Time between two looks at a file of endpoints.
pub const ENDPOINTS_LOOK: Duration = Duration::from_secs(1);
/// Time between two questions for the addresses of a name.
pub const ENDPOINTS_RESOLVE: Duration = Duration::from_secs(30);
/// Time for which the addresses of a name stay in use while it cannot be resolved.
pub const ENDPOINTS_STALE: Duration = Duration::from_mins(5);
/// Time for one question of DNS, over UDP and TCP.
pub const DNS_DEADLINE: Duration = Duration::from_secs(3);
/// Bytes of an answer over UDP.
pub const DNS_BYTES_MAX: usize = 4_096;
/// Endpoints of one backend that are checked or polled at one time.
pub const WATCHED_AT_ONCE: usize = 64;
/// Time between two questions what a server says of itself.
pub const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Time that one such question may take.
pub const POLL_DEADLINE: Duration = Duration::from_secs(2);
/// Bytes of a page on which a server tells of itself; those of real servers reach some hundred kilobytes.
pub const POLL_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Time for which the siblings of an endpoint are asked first, after it said that it is full or did not serve; doubles each time
/// that it does not serve again.
pub const AVOIDED_AT_LEAST: Duration = Duration::from_millis(500);
/// The longest such time: a server that says more is asked again earlier.
pub const AVOIDED_AT_MOST: Duration = Duration::from_secs(10);
/// Answers in a row that say a server failed, after which it is left alone while most of its siblings answer.
pub const TROUBLES_MAX: u32 = 5;

/// Requests that a demonstration model server keeps to show; the oldest go first.
pub const DEMO_REQUESTS_MAX: usize = 10_000;
/// Bytes of bodies that a demonstration model server keeps to show.
pub const DEMO_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes of a body that a demonstration model server reads: pseudonyms make a body longer than what the gateway took.
pub const DEMO_BODY_BYTES_MAX: usize = 2 * BODY_BYTES_MAX;
/// Responses that a demonstration model server keeps to be gone on from; the oldest go first, and [`DEMO_BYTES_MAX`] holds for
/// what they hold.
pub const DEMO_KEPT_MAX: usize = 1_000;
/// Choices of one demonstration answer.
pub const DEMO_CHOICES_MAX: usize = 16;
/// Bytes that a demonstration answer may hold, so that a schema cannot multiply a long text.
pub const DEMO_ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Tokens that an answer is taken to have when its request does not say how long it may be, until it has ended.
pub const OUTPUT_TOKENS: u64 = 1_024;

/// Counters of limits that one gateway keeps in memory, some two hundred bytes each; beyond it those who have none yet are
/// refused. A gateway has a handful for each key, and for each subject of a token.
pub const QUOTA_COUNTERS_MAX: usize = 262_144;
/// Bytes of the journal of limits: it is written anew when it is four times as long as what it holds, at most thirty megabytes.
pub const QUOTA_JOURNAL_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Counters in Redis whose last value is remembered.
pub const QUOTA_REMEMBERED_MAX: usize = 65_536;
/// Counters that wait to be put right in Redis; beyond it nothing more is taken until it answers.
pub const QUOTA_OWED_MAX: usize = 65_536;
/// Places given back that wait to be told; beyond it they end by themselves.
pub const QUOTA_FREED_MAX: usize = 16_384;
/// Counters that one script puts right, and places that one script renews.
pub const QUOTA_SENT_MAX: usize = 512;

/// Bytes of a file that `octroi.toml` names: certificates, keys, secrets, sets of keys.
pub const CONFIG_FILE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Faults of form of one `octroi.toml` that are told in one run: after each the file is read again.
pub const CONFIG_MENDINGS_MAX: usize = 200;
/// Bytes of a file that holds a root key, which is one line.
pub const ROOT_KEY_BYTES_MAX: usize = 4 * 1024;

/// Keys of callers in the file of keys, revoked ones included.
pub const KEYS_MAX: usize = 100_000;
/// Bytes of that file: a key takes some four hundred.
pub const KEY_FILE_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Bytes of a note about a key.
pub const KEY_NOTE_BYTES_MAX: usize = 200;
/// Time for which a key that is over stays in the file.
pub const KEYS_KEPT: Duration = Duration::from_hours(400 * 24);
/// Time for which a key and the one that takes its place both count, unless somebody says otherwise.
pub const KEY_OVERLAP: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);
/// Seconds after which an issuer's keys are fetched again.
pub const ISSUER_KEYS_AGE_S: i64 = 15 * 60;
/// Seconds after which keys that could not be fetched again are not believed any more.
pub const ISSUER_KEYS_STALE_S: i64 = 24 * 60 * 60;
/// Bytes of an issuer's set of keys: real ones are below 32 KiB.
pub const ISSUER_KEYS_BYTES_MAX: usize = 512 * 1024;
/// Time that a request waits for a key that is not known.
pub const ISSUER_PATIENCE: Duration = Duration::from_secs(3);
/// Requests that wait for keys of one issuer; whoever comes then is refused at once, as is everybody while they cannot be had.
pub const ISSUER_WAITING_MAX: usize = 64;
/// Time between two looks whether keys are to be fetched.
pub const ISSUER_LOOK: Duration = Duration::from_millis(100);
/// Time until an issuer that gave no keys is asked again.
pub const ISSUER_REST: Duration = Duration::from_secs(5);
/// Time between two looks at the file of keys: what `octroi key` changes counts within a second.
pub const KEYS_LOOK: Duration = Duration::from_millis(250);
/// Time between two notes of when keys were last used.
pub const KEYS_USED: Duration = Duration::from_mins(1);

/// Keys that one entry of an erasure names.
pub const ERASURE_KEYS_MAX: usize = 256;

/// Bytes of one audit entry.
pub const ENTRY_BYTES_MAX: usize = 16 * 1024;
/// Pieces of evidence whose day is over that the entry of a policy lists, about 70 bytes each.
pub const ENDED_MAX: usize = 64;
/// Kinds of findings (type, place, confidence) that one entry lists: about 100 bytes each.
pub const FINDING_KINDS_MAX: usize = 64;
/// Types of data whose counts one entry lists, about 30 bytes each, so that the decision can be taken again.
pub const FACT_TYPES_MAX: usize = 128;
/// Entries that wait for the committer; beyond it requests get 503.
pub const AUDIT_QUEUE_MAX: usize = 16_384;
/// Entries of one batch.
pub const AUDIT_BATCH_MAX: usize = 1_024;
/// Time that outcomes, for which nobody waits, wait for a decision whose sync they can share. A crash within it costs no more
/// than one within a sync: the log then says at the next start that the end of these requests is not known.
pub const OUTCOME_PATIENCE: Duration = Duration::from_millis(5);
/// Bytes that are left free on the disk of a log when its review index grows: two segments.
pub const INDEX_ROOM: u64 = 2 * SEGMENT_BYTES;
/// Bytes of one audit segment file, allocated ahead, where the operator does not say otherwise.
pub const SEGMENT_BYTES: u64 = 64 * 1024 * 1024;
/// Bytes of a segment that the operator may ask for: one holds a few entries at least, and a start reads one of them whole.
pub const SEGMENT_BYTES_BETWEEN: (u64, u64) = (32 * 1024, 1024 * 1024 * 1024);
/// Time that a request waits for its entry to be durable before it is refused.
pub const AUDIT_DEADLINE: Duration = Duration::from_secs(5);
/// Bytes of an answer that are kept under seal, where policy wants that: far more than a model writes, and each that is under way
/// is held in memory until it has ended. Of a longer one its beginning is kept, and its entry says so.
pub const SEALED_ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Time after which a request has surely ended, with its answer sealed and every entry of it written: retention removes nothing that
/// was sealed for younger ones.
pub const SEALED_SURELY_ENDED: Duration = Duration::from_hours(24);
/// Files of sealed content that one prune looks for in the log, about 200 bytes of memory each; the next one goes on.
pub const SEALED_REMOVED_MAX: usize = 1 << 20;
/// Time that the last answers may take to be sealed before the log is closed.
pub const SEALING_DEADLINE: Duration = Duration::from_secs(5);

/// Characters of the target of a link: behind more of them what closes it is taken for missing.
pub const TARGET_CHARS_MAX: usize = 1 << 16;
/// Bytes of the longest live token in its widest tolerated spelling.
pub const HOLD_BACK_BYTES_MAX: usize = 64;
/// Bytes behind a token that are read to tell whether its value would be a part of a name: one of DNS has 253 characters, and what
/// stands before the `@` of an address of mail 64.
pub const NAME_AHEAD_BYTES_MAX: usize = 384;
/// Bytes that a stream's restorer holds back in all: a token, what stands behind it, and a token that begins at its end.
pub const HELD_BYTES_MAX: usize = 2 * HOLD_BACK_BYTES_MAX + NAME_AHEAD_BYTES_MAX;
/// Hosts into whose addresses values may be put: each is compared with that of every URL of an answer that has a pseudonym.
pub const VALUE_HOSTS_MAX: usize = 256;
/// Bytes of host and port of an address into which values may be put: a name of DNS has 253 characters, and its letters may be of
/// other alphabets.
pub const AUTHORITY_BYTES_MAX: usize = 512;
/// Channels (choices, tool calls, parts) of one streamed answer, those that ended among them where something is remembered of them.
pub const CHANNELS_MAX: usize = 1_024;
/// Bytes of the events that are kept as moulds while something of their channels is held back; a backend that cuts every
/// channel within what may be a pseudonym, in large events, ends its stream.
pub const MOULDS_BYTES_MAX: usize = 2 * EVENT_BYTES_MAX;

/// Events that wait for what follows one that ends, or cites, a text within what may be a pseudonym: those are sixteen characters and more,
/// which may come one by one.
pub const EVENTS_AHEAD_MAX: usize = 64;

/// Time that the last words of an answer that broke off have to leave before its connection or stream is torn.
pub const PARTING: Duration = Duration::from_millis(200);

/// Time that streams have to finish after SIGTERM.
pub const DRAIN_DEADLINE: Duration = Duration::from_secs(30);
/// Time that streams which are cut then have to leave their outcome in the log.
pub const CUT_DEADLINE: Duration = Duration::from_secs(2);
/// Requests of an OTLP or Prometheus exporter that wait.
pub const TELEMETRY_QUEUE_MAX: usize = 2_048;

/// Bytes of one file of the officer: sheet, pack, inventory, reference data.
pub const POLICY_FILE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Files of a policy folder.
pub const POLICY_FILES_MAX: usize = 1_000;
/// Bytes of one list of exact values: tens of millions of hashes.
pub const MATCH_LIST_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Bytes of a policy folder, lists of exact values included.
pub const POLICY_FOLDER_BYTES_MAX: usize = 1024 * 1024 * 1024;
/// Bytes of the manifest of a bundle: a path and a hash for each file.
pub const POLICY_MANIFEST_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of the signatures of a bundle, and of the file of approvers: a line for each person.
pub const POLICY_SIGNATURES_BYTES_MAX: usize = 64 * 1024;
/// Bytes of the file of orders to freeze and to thaw.
pub const POLICY_ORDERS_BYTES_MAX: usize = 256 * 1024;
/// Freezes thawed before their time that are remembered until it.
pub const POLICY_THAWED_MAX: usize = 256;
/// Bytes of what is remembered of policies beside the log.
pub const POLICY_STATE_BYTES_MAX: usize = 1024 * 1024;
/// Brackets in brackets in a condition of a sheet; what is read aloud has two.
pub const POLICY_DEPTH_MAX: usize = 16;
/// Alternatives of one condition once its brackets are multiplied out.
pub const POLICY_ALTERNATIVES_MAX: usize = 1_024;
/// Times that a request is changed anew for what is only found once the values beside it are replaced; what is still found then
/// takes the backend out. Each is a scan of the texts that changed.
pub const CHANGE_ROUNDS_MAX: usize = 4;
/// Rules of a policy, packs included.
pub const POLICY_RULES_MAX: usize = 4_096;
/// Labels of a policy; an organisation has a handful.
pub const POLICY_LABELS_MAX: usize = 256;
/// Exceptions of a policy; each is a decision that somebody took.
pub const POLICY_EXCEPTIONS_MAX: usize = 4_096;
/// `prefer` clauses of a policy: each is a bit of a rank.
pub const POLICY_PREFERS_MAX: usize = 64;
/// Entries on freezes of a log that `explain` looks through for the one that held, the newest ones.
pub const FREEZES_READ_MAX: usize = 1_000;
/// Steps of the searches over all requests for one answer of the officer's tools, such as a cell of the matrix; what would take more
/// is said not to be known.
pub const POLICY_SEARCH_STEPS_MAX: usize = 100_000;
/// Steps of all searches for one difference of two policies, over all backends and all that may make a difference: what is left then
/// is said not to be known, so that a difference ends whatever the sheets say. Once half of them are taken, each further search gets
/// [`POLICY_SEARCH_STEPS_LATE`].
pub const POLICY_DIFF_STEPS_MAX: usize = 800_000;
/// Steps of a search for one more kind of difference beside one that was found: it has only to show that there is no other.
pub const POLICY_SEARCH_STEPS_FURTHER: usize = 50_000;
/// Steps of a search where those before it took long: what is proven at all is nearly always proven in fewer.
pub const POLICY_SEARCH_STEPS_LATE: usize = 1_000;
/// Policies that are compiled to find the smallest change that would let one backend have a request; what would take more is said not
/// to have been found.
pub const EXPLAIN_TRIALS_MAX: usize = 400;
/// What the unknown words of one recorded decision may have been, that `replay` tries; with more, the decision is not taken again.
pub const REPLAY_READINGS_MAX: usize = 256;
/// Backends of an inventory.
pub const BACKENDS_MAX: usize = 4_096;
/// Characters of a reference of HTML (`&colon;`) that are held together while an answer is restored; the longest name has 32.
pub const REFERENCE_CHARS_MAX: usize = 40;
/// Times that a TOML file of the officer is read anew behind a bracket that is not closed, to tell what else is wrong in it.
pub const POLICY_TOML_MENDS_MAX: usize = 32;
/// Faults reported for the officer's files in one run.
pub const POLICY_FAULTS_MAX: usize = 200;
