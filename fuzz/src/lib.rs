//! The tunnel's own grammar, compiled from the agent's sources alone: the fuzzer needs neither sockets nor cryptography.

#[path = "../../src/wire/mod.rs"]
pub mod wire;
