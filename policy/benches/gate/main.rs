//! What judging costs: the gate, the whole decision on the way in, and the judgement of the answer, beside two readings of the same bytes
//! by serde_json. Figures, not a test: it ends with success whatever they are, and with a failure only where a message was not judged as
//! it should have been, because then the figures would be of something else.

mod bodies;
mod clock;
mod hostile;
mod judge;
mod table;

use std::error::Error;
use std::io::{self, Write as _};

use bodies::{Body, SHAPES, SIZES};
use clock::interleaved;
use judge::Judge;
use table::Row;

/// Any reason to stop.
type Failed = Box<dyn Error>;

fn main() -> Result<(), Failed> {
    let judge = Judge::new()?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", table::TITLE)?;
    for shape in SHAPES {
        for size in SIZES {
            writeln!(out, "{}", row(&judge, &Body::new(shape, size))?)?;
        }
    }
    writeln!(out, "{}", table::LEGEND)?;
    writeln!(out, "\n{}", hostile::TITLE)?;
    for (name, text) in hostile::bodies() {
        writeln!(out, "{}", hostile::row(name, &text))?;
    }
    Ok(())
}

/// Every way to read one body, in turns.
fn row<'a>(judge: &Judge, body: &'a Body) -> Result<Row<'a>, Failed> {
    judge.check(body)?;
    let [gate, admit, answer, skim, value] = interleaved(
        body.rounds(),
        body.repeats(),
        [
            &mut |times| judge.gate(body, times),
            &mut |times| judge.admit(body, times),
            &mut |times| judge.answer(body, times),
            &mut |times| judge.skim(body, times),
            &mut |times| judge.value(body, times),
        ],
    );
    Ok(Row {
        body,
        gate,
        admit,
        answer,
        skim,
        value,
    })
}
