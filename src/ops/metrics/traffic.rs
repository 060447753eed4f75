//! What the generations of each endpoint carry, read off when someone asks. One that has ended is not shown any more, so that rotations
//! make no new series for ever.

use prometheus_client::registry::Registry;

use super::labels::Labels;
use super::{Counters, Gauges, whole};
use crate::ops::state::Traffic;

#[derive(Debug, Default)]
pub(super) struct Generations {
    connections: Gauges,
    requests: Counters,
}

impl Generations {
    pub(super) fn register(&self, to: &mut Registry) {
        to.register(
            "connections",
            "Open connections by the generation they were made under",
            self.connections.clone(),
        );
        to.register(
            "requests_by_generation",
            "Requests sent under a generation that is in use or still has something to finish",
            self.requests.clone(),
        );
    }

    pub(super) fn set(&self, endpoints: &[(String, Vec<Traffic>)]) {
        self.connections.clear();
        self.requests.clear();
        for (name, generations) in endpoints {
            for traffic in generations {
                let labels: Labels = vec![
                    ("profile", name.clone().into()),
                    ("generation", traffic.generation.to_string().into()),
                ];
                let connections = u64::try_from(traffic.connections).unwrap_or(u64::MAX);
                self.connections
                    .get_or_create(&labels)
                    .set(whole(connections));
                self.requests
                    .get_or_create(&labels)
                    .inc_by(traffic.requests);
            }
        }
    }
}
