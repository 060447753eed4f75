//! The table and its budget.

use std::fmt;

use crate::bodies::Body;

/// Nanoseconds one value may cost.
pub(crate) const NANOS_A_NODE: f64 = 15.0;

pub(crate) const TITLE: &str = "\
payload                    KiB   nodes |    gate us   gate+decision us   answer us | ns/node  us/MiB | budget us  gate    decision | IgnoredAny us   Value us";

pub(crate) const LEGEND: &str = "\
ns/node and us/MiB are of the gate alone, as if nodes or bytes were all its cost. Budget: 15 ns a node and 60 us a MiB, 300 us a MiB
with escapes or beyond ASCII. It names no fixed part, and a decision has one (headers, ids, proofs): the 1 KiB rows show it.";

/// Nanoseconds of each reading of one body.
pub(crate) struct Row<'a> {
    pub(crate) body: &'a Body,
    pub(crate) gate: f64,
    pub(crate) admit: f64,
    pub(crate) answer: f64,
    pub(crate) skim: f64,
    pub(crate) value: f64,
}

impl Row<'_> {
    fn budget(&self) -> f64 {
        self.body.nodes as f64 * NANOS_A_NODE + self.body.mib() * self.body.shape.nanos_a_mib()
    }
}

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shape, kib, nodes) = (
            self.body.shape.name(),
            self.body.size >> 10,
            self.body.nodes,
        );
        let (a_node, a_mib) = (self.gate / nodes as f64, self.gate / 1e3 / self.body.mib());
        let budget = self.budget();
        let (gate_met, admit_met) = (met(self.gate <= budget), met(self.admit <= budget));
        let [gate, admit, answer, budget, skim, value] = [
            self.gate,
            self.admit,
            self.answer,
            budget,
            self.skim,
            self.value,
        ]
        .map(|nanos| nanos / 1e3);
        write!(
            f,
            "{shape:<22} {kib:>7} {nodes:>7} | {gate:>10.2} {admit:>18.2} {answer:>11.2} | {a_node:>7.1} {a_mib:>7.1} \
             | {budget:>9.2}  {gate_met:<6}  {admit_met:<8} | {skim:>13.2} {value:>10.2}"
        )
    }
}

pub(crate) const fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}
