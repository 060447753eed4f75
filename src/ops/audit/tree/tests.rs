use super::*;

fn grown(size: u64) -> (Vec<Hash>, Frontier) {
    let leaves: Vec<Hash> = (0..size).map(|n| leaf(&n.to_be_bytes())).collect();
    let mut tree = Frontier::default();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    (leaves, tree)
}

fn root(leaves: &[Hash]) -> Hash {
    let mut tree = Frontier::default();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    tree.root()
}

/// The recursive definition of RFC 6962, section 2.1.
fn defined(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(b""),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node(&defined(left), &defined(right))
        }
    }
}

#[test]
fn a_frontier_has_the_root_that_rfc_6962_defines() {
    for size in 0..130 {
        let (leaves, tree) = grown(size);
        assert_eq!(tree.root(), defined(&leaves), "{size}");
    }
}

#[test]
fn every_leaf_is_proven_and_nothing_else() {
    for size in [1, 2, 3, 7, 8, 21, 64, 65] {
        let (leaves, tree) = grown(size);
        for index in 0..size {
            let spans = path(index, size).unwrap();
            let proof: Vec<Hash> = spans
                .iter()
                .map(|(from, to)| root(&leaves[*from as usize..*to as usize]))
                .collect();
            let mine = leaves[index as usize];
            assert_eq!(root_of_proof(index, size, mine, &proof), Some(tree.root()));
            assert_ne!(
                root_of_proof(index, size, [7; 32], &proof),
                Some(tree.root())
            );
            let longer = [&proof[..], &[[0; 32]]].concat();
            assert_eq!(root_of_proof(index, size, mine, &longer), None);
        }
        assert_eq!(path(size, size), None);
    }
}
