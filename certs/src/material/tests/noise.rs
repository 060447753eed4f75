//! Properties: bytes that mean nothing never become material, and what does not matter does not matter.

use proptest::{prelude::*, sample::Index};

use super::*;

fn material_of(files: [Vec<u8>; 4]) -> Option<Material> {
    let parts = [Part::Certificate, Part::Key, Part::Roots, Part::Crl];
    let texts = Texts::fake(parts.into_iter().zip(files).collect());
    Material::judge(&texts, &Rules::default(), None, now()).ok()
}

/// Sound files in the order of the parts above.
fn sound() -> [Vec<u8>; 4] {
    let world = World::new();
    let (cert, key) = world.sound.identity.unwrap();
    let list = world.servers.revoke(1, &[7], now() + DAY).unwrap();
    [cert, key, world.servers.root_pem(), list].map(String::into_bytes)
}

fn noise() -> impl Strategy<Value = Vec<u8>> {
    let begin = prop::sample::select(vec![
        "",
        "-----BEGIN CERTIFICATE-----\n",
        "-----BEGIN PRIVATE KEY-----\n",
        "0\u{82}",
        "-----BEGIN X509 CRL-----\nMAA=",
    ]);
    (begin, prop::collection::vec(any::<u8>(), 0..200))
        .prop_map(|(begin, bytes)| [begin.as_bytes(), &bytes].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Hardening 7, test idea 6.
    #[test]
    fn arbitrary_bytes_in_any_file_never_pass(bytes in noise(), which in 0_usize..4) {
        let mut files = sound();
        files[which] = bytes;
        prop_assert!(material_of(files).is_none());
    }

    /// One bit of a certificate, key or list: it may be in a part nobody reads, such as the text around a block, but then all is as it was.
    #[test]
    fn a_flipped_bit_never_panics_nor_changes_who_we_are(which in 0_usize..4, at in any::<Index>(), bit in 0_u8..8) {
        let files = sound();
        let before = material_of(files.clone()).unwrap();
        let mut flipped = files;
        let at = at.index(flipped[which].len());
        flipped[which][at] ^= 1 << bit;
        if let Some(after) = material_of(flipped) {
            let leaf = |material: &Material| material.identity().map(|bundle| bundle.chain()[0].clone());
            prop_assert_eq!(leaf(&after).map(|leaf| leaf.spki), leaf(&before).map(|leaf| leaf.spki));
        }
    }
}

/// The order of bundles and lists says nothing.
#[test]
fn the_order_of_unrelated_files_does_not_matter() {
    let world = World::new();
    let (one, two) = (
        Authority::new("one").unwrap(),
        Authority::new("two").unwrap(),
    );
    let mut given = world.sound.clone();
    given.roots.extend([one.root_pem(), two.root_pem()]);
    given.crls = [&one, &two]
        .map(|ca| ca.revoke(1, &[7], now() + DAY).unwrap().into_bytes())
        .to_vec();
    let forwards = given.passes();
    given.roots.reverse();
    given.crls.reverse();
    let backwards = given.passes();
    assert_eq!(forwards.roots().count(), backwards.roots().count());
    assert_eq!(
        forwards.crls().lists().len(),
        backwards.crls().lists().len()
    );
    assert_ne!(
        forwards.digest(),
        backwards.digest(),
        "but it is another reading"
    );
}
