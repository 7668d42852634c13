//! What becomes of an instance: commands in, events out, no clock, no store, no network.
