//! `octroi check`: every fault of every file in one run, each with its place, what is wrong and what to do.

use super::House;

/// The operator's file, the officer's sheet and inventory: one run tells of all three.
#[test]
fn faults_of_all_files_in_one_run() {
    let house = House::new();
    house.edit("octroi.toml", "address = \"127.0.0.1:8443\"", "address = \"localhost\"");
    house.edit("octroi.toml", "\"home-gpu-1\" = \"model-name\"", "\"home-gpu-2\" = \"model-name\"");
    house.edit("policies/main.policy", "allow backends on premises", "allow backends on premisses");
    house.edit("policies/backends.toml", "training = \"never\"", "training = \"nevr\"");
    house.check().must(
        2,
        &[
            "house/octroi.toml:5:11: is not an address with a port",
            "5 | address = \"localhost\"",
            "  |           ^",
            "no backend is called `home-gpu-2`",
            "did you mean `home-gpu-1`?",
            "main.policy",
            "backends.toml",
        ],
    );
}

/// A file that cannot even be parsed does not hide the faults of the others.
#[test]
fn a_misspelt_key_is_shown_with_its_nearest_and_hides_nothing() {
    let house = House::new();
    house.edit("octroi.toml", "[audit]\nfolder", "[audit]\nfoldr");
    house.edit("policies/main.policy", "use pack unknown-means-home", "use pack unknown-mean-home");
    house.check().must(
        2,
        &[
            "unknown field `foldr`",
            "| foldr = \"audit\"\n",
            "did you mean `folder`?",
            "there is no pack `unknown-mean-home`",
            "did you mean `unknown-means-home`?",
        ],
    );
    assert!(!house.check().said.contains("octroi_"), "no key is shown");
}

/// A line on which a key may stand by mistake is not repeated.
#[test]
fn a_key_written_by_mistake_is_not_repeated() {
    let house = House::new();
    house.edit("octroi.toml", "keys = []", "keys = [\"octroi_madeupmadeup\"]");
    let told = house.check();
    told.must(2, &["is not the hash of a key", "octroi.toml:24:9"]);
    assert!(!told.said.contains("madeup"), "{told:?}");
}

/// A certificate and the key of another: `check` and `serve` say so, with both files.
#[test]
fn a_certificate_and_a_key_that_do_not_belong_together() {
    let house = House::new();
    let other = House::new();
    std::fs::copy(other.path("certs/server.key"), house.path("certs/server.key")).unwrap();
    for told in [house.check(), house.run("serve --config house/octroi.toml")] {
        told.must(2, &["certs/server.pem", "certs/server.key", "do not belong together", "help: name the key"]);
    }
}

#[test]
fn what_the_inventory_does_not_hold_for_is_named_with_its_line() {
    let house = House::new();
    house.edit("octroi.toml", "gpu1.example.internal", "gpu9.example.internal");
    house.edit("octroi.toml", "\"model-name\"", "\"other-model\"");
    house.check().must(
        2,
        &[
            "house/octroi.toml:28:7: backend `home-gpu-1`: the inventory's truths about it do not hold for the host `gpu9.example.internal`",
            "help: correct the `url`",
            "house/octroi.toml:34:32: \"assistant\": the inventory's truths about `home-gpu-1` do not cover its model `other-model`",
            "[backend.home-gpu-1] in house/policies/backends.toml",
        ],
    );
}

/// One host of a cloud has machines everywhere: a deployment, a project or a region in the path must be the officer's too.
#[test]
fn ids_in_the_path_of_a_url_are_bound_to_the_inventory() {
    let house = House::new();
    let url = "https://gpu1.example.internal:8000";
    house.edit("octroi.toml", url, &format!("{url}/openai/deployments/elsewhere"));
    house.check().must(
        2,
        &[
            "house/octroi.toml:28:7: backend `home-gpu-1`: the inventory's truths about it do not hold for `elsewhere` in the path",
            "help: correct the `url`, or let the officer add a deployment to `models`",
        ],
    );
    house.edit("octroi.toml", "/openai/deployments/elsewhere", "/openai/deployments/model-name");
    house.check().must(0, &[]);
    house.edit("octroi.toml", "/openai/deployments/model-name", "/v1/projects/p-1/locations/eu");
    house.check().must(2, &["do not hold for `p-1` in the path"]);
    house.edit(
        "policies/backends.toml",
        "models = [\"model-name\"]",
        "models = [\"model-name\"]\npath-ids = [\"p-1\", \"eu\"]",
    );
    house.check().must(0, &[]);
}

#[test]
fn folders_that_are_not_there_are_named() {
    let house = House::new();
    house.edit("octroi.toml", "[policy]\nfolder = \"policies\"", "[policy]\nfolder = \"polices\"");
    house.check().must(2, &["house/polices: there is no such policy folder", "help: name one with `[policy] folder`"]);
    let told = house.run("policy check --policies nowhere");
    told.must(2, &["nowhere: there is no such policy folder", "octroi policy init nowhere --home FR"]);
    std::fs::create_dir(house.path("empty")).unwrap();
    house.run("policy check --policies house/empty").must(
        2,
        &[
            "house/empty: there is no policy sheet here",
            "house/empty/backends.toml: there is no inventory of backends",
            "help",
        ],
    );
}

/// A duty that this build cannot do takes backends out wherever there is something to do: whoever wrote it is told before it does.
#[test]
fn a_duty_that_cannot_be_done_is_told() {
    let house = House::new();
    let sheet = house.path("policies/main.policy");
    let text = std::fs::read_to_string(&sheet).unwrap();
    let rule = "\nrule coarser-abroad\n  because \"the board said so\"\n  when data includes personal\n  must generalise personal\n";
    std::fs::write(&sheet, format!("{text}{rule}")).unwrap();
    house.check().must(
        1,
        &["rule `coarser-abroad` demands `generalise`, which this build cannot do: such backends are refused"],
    );
}
