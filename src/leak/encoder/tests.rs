//! Hostile files, and vectors against a plain computation.
