//! `stop`: the gateway stopped in good order.

use crate::schema::Schema;

pub(super) const SCHEMA: Schema =
    Schema { name: "stop", when: "the gateway stopped in good order", about_request: false, members: &[] };
