//! Where the policy is.
//!
//! Leaves to others: reading and compiling it.

use super::paths::{self, ConfiguredPath};
use super::reader::Reader;
use super::table::POLICY_FILE;

/// Reads the section: the path of the policy.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<ConfiguredPath> {
    paths::read(reader, &POLICY_FILE)
}
