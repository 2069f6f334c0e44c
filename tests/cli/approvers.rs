//! What `freeze`, `thaw` and `sign` say of a signature: with a file that names approvers, with one that names none, and with none at
//! hand.

use super::{House, octroi};

/// The house with two keys, one of which its approvers know.
fn house(approvers: bool) -> House {
    let house = House::new();
    let key = |name: &str| house.run(&format!("policy key {name}.key")).out.trim().to_owned();
    let known = format!("[approver]\ndpo = \"{}\"\nciso = \"{}\"\n", key("dpo"), key("ciso"));
    if approvers {
        std::fs::write(house.path("approvers.toml"), known).unwrap();
        house.edit("octroi.toml", "[policy]\n", "[policy]\napprovers = \"approvers.toml\"\n");
    }
    house
}

/// `freeze`, `thaw` and `sign`, in this order, by one who signs.
fn tools(signer: &str, config: &str) -> [String; 3] {
    let by = format!("--policies house/policies --key {signer}.key --as {signer}{config}");
    [
        format!("policy freeze {by} --because drill"),
        format!("policy thaw {by} --because over"),
        format!("policy sign house/bundle {by}"),
    ]
}

#[test]
fn a_configuration_without_approvers_verifies_no_signature() {
    let house = house(false);
    let named = " --config house/octroi.toml";
    for tool in tools("dpo", named) {
        let told = house.run(&tool);
        told.must(0, &[]);
        let expected = "signed; house/octroi.toml names no approvers: a gateway with it verifies no signature, and takes this up as it is";
        assert!(told.out.lines().any(|line| line == expected), "{tool}: {told:?}");
    }
    // One signature is all that it needs, so that nobody is told to wait for a second.
    let [_, thaw, _] = tools("dpo", named);
    let told = house.run(&thaw);
    assert!(told.out.contains("the freeze ends as soon as a gateway accepts this"), "{told:?}");
    assert!(!told.out.contains("second"), "{told:?}");
    // Where none is named nothing is claimed of it.
    for tool in tools("ciso", "") {
        let told = house.run(&tool);
        assert!(told.out.contains("whether they are its approvers' was not checked"), "{tool}: {told:?}");
        assert!(!told.out.contains("names no approvers"), "{tool}: {told:?}");
    }
}

#[test]
fn a_configuration_without_approvers_is_told_in_the_language_of_the_sheets() {
    let house = house(false);
    let sheet = house.path("policies");
    house.run(&format!("policy fmt --lang fr --policies {}", sheet.display())).must(0, &[]);
    for tool in tools("dpo", " --config house/octroi.toml") {
        let told = house.run(&tool);
        told.must(0, &[]);
        let expected = "signé ; house/octroi.toml ne nomme pas d'approbateurs : une passerelle qui s'en sert ne vérifie aucune signature, et le reprend tel quel";
        assert!(told.out.lines().any(|line| line == expected), "{tool}: {told:?}");
    }
}

#[test]
fn a_configuration_with_approvers_is_held_against_them() {
    let house = house(true);
    let needed = [1, 2, 2];
    for (signer, signed) in [("dpo", 1), ("ciso", 2)] {
        // The file beside the folder is at hand without being named.
        // A freeze is an order of its own each time, and a thaw names those that last: the second one signs the same thaw.
        for (tool, needed) in tools(signer, "").iter().zip(needed).skip(signed - 1) {
            let told = house.run(tool);
            told.must(0, &[]);
            let expected = format!("signed by {signed} of {needed} approvers needed");
            assert!(told.out.contains(&expected) && !told.out.contains("names no approvers"), "{tool}: {told:?}");
        }
    }
    octroi(house.folder.path(), "policy key stranger.key").must(0, &[]);
    for tool in tools("stranger", "") {
        house.run(&tool).must(2, &["`stranger` is no approver in house/approvers.toml", "the approvers are ciso, dpo"]);
    }
}
