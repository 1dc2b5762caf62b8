//! Every fault of the tools that the driver has to live with, and the test that shows how it does.

/// A fault.
pub struct Row {
    pub number: u8,
    /// What happens.
    pub fault: &'static str,
    /// What the driver makes of it.
    pub answer: &'static str,
    /// Tests that show it, each as `FILE::NAME`.
    pub shown: &'static [&'static str],
}

const fn row(
    number: u8,
    fault: &'static str,
    answer: &'static str,
    shown: &'static [&'static str],
) -> Row {
    Row {
        number,
        fault,
        answer,
        shown,
    }
}

pub const ROWS: [Row; 52] = [
    row(
        1,
        "Terraform is interrupted once",
        "one SIGINT, and what it still did is counted",
        &[
            "tests/faults/terraform.rs::row_01_one_request_to_stop_is_passed_on_once_and_the_state_is_right",
            "tests/terraform_faults.rs::ctrl_c_reaches_terraform_once_and_is_reported",
        ],
    ),
    row(
        2,
        "a second signal makes Terraform forget what it creates",
        "none is sent unasked; what did not end is unknown",
        &[
            "tests/faults/terraform.rs::row_02_a_second_request_sends_no_second_signal",
            "tests/terraform_faults.rs::a_resource_that_was_started_and_never_ended_is_reported_as_unknown",
        ],
    ),
    row(
        3,
        "a killed Terraform leaves an empty state file",
        "the next run refuses to plan on it",
        &[
            "tests/faults/terraform.rs::row_03_a_killed_terraform_leaves_no_state_and_the_next_run_applies_nothing_on_top",
            "tests/faults/state.rs::an_empty_object_in_the_place_of_the_state_is_an_accident",
            "tests/faults/state.rs::a_state_that_is_cut_off_is_an_accident",
        ],
    ),
    row(
        4,
        "whoever reads Terraform's output dies",
        "its output is a file; the state is right",
        &[
            "tests/faults/terraform.rs::row_04_a_driver_that_is_killed_takes_no_pipe_away_and_the_state_is_right",
        ],
    ),
    row(
        5,
        "the driver is killed and Terraform goes on",
        "the next run waits for it and takes in what it did",
        &[
            "tests/faults/terraform.rs::row_05_the_next_run_takes_in_what_went_on_without_its_driver",
            "tests/recovery.rs::the_next_run_waits_for_an_apply_that_goes_on_and_takes_in_what_it_did",
        ],
    ),
    row(
        6,
        "nobody drains Terraform's output",
        "no tool waits for the driver",
        &["tests/faults/terraform.rs::row_06_a_driver_that_reads_nothing_holds_no_tool_up"],
    ),
    row(
        7,
        "the disk is full: exit code 0 and no output",
        "unverified, exit code 10",
        &["tests/terraform_faults.rs::an_apply_that_ends_well_and_says_nothing_is_unverified"],
    ),
    row(
        8,
        "an interrupted plan writes its file",
        "it is not applied",
        &[
            "tests/faults/terraform.rs::row_08_a_plan_that_somebody_interrupts_is_not_applied",
            "tests/terraform_faults.rs::an_interrupted_plan_that_wrote_its_file_all_the_same_is_not_applied",
        ],
    ),
    row(
        9,
        "exit code 2 stands for changes and for a crash",
        "only the plan's own document counts",
        &["tests/terraform_faults.rs::exit_code_two_without_a_summary_is_a_crash_and_not_changes"],
    ),
    row(
        10,
        "the backend dies during the apply",
        "`errored.tfstate` is made private; nothing is planned until it is pushed",
        &[
            "tests/faults/state.rs::row_10_a_state_that_could_not_be_stored_is_kept_private_and_pushed_before_anything_else",
            "tests/faults/state.rs::a_backend_that_is_gone_is_named",
        ],
    ),
    row(
        11,
        "a lock in S3 outlives its holder",
        "owner and age are told; `amiable unlock` frees it",
        &[
            "tests/state_lock.rs::a_lock_that_a_killed_terraform_left_is_named_and_freed",
            "tests/state_lock.rs::a_lock_of_another_machine_is_not_freed_without_the_users_word",
        ],
    ),
    row(
        12,
        "two runs at once",
        "the second one exits with 9, or waits",
        &["tests/terraform_faults.rs::a_second_run_is_told_who_works_and_exits_9"],
    ),
    row(
        13,
        "the provider crashes",
        "what it was creating is unknown",
        &["tests/faults/terraform.rs::row_13_what_a_crashed_provider_was_creating_is_unknown"],
    ),
    row(
        14,
        "providers outlive their Terraform",
        "they are ended",
        &["tests/faults/terraform.rs::row_14_providers_of_a_terraform_that_died_are_ended"],
    ),
    row(
        15,
        "an interrupt to the whole group breaks plugins",
        "it goes to Terraform's process alone",
        &["tests/faults/terraform.rs::row_15_an_interrupt_reaches_terraform_alone"],
    ),
    row(
        16,
        "what a provisioner started outlives it",
        "it is ended",
        &["tests/faults/terraform.rs::row_16_what_an_interrupted_provisioner_started_is_ended"],
    ),
    row(
        17,
        "AWS never answers",
        "what is pending is told; nothing escalates",
        &[
            "tests/faults/terraform.rs::row_17_while_aws_does_not_answer_the_driver_says_what_is_pending_and_waits",
        ],
    ),
    row(
        18,
        "an answer is lost after a create",
        "the resource is unknown; the driver's own calls are made once",
        &[
            "tests/faults/terraform.rs::row_18_a_resource_whose_answer_was_lost_is_unknown",
            "tests/images_exact/faults.rs::a_reply_that_is_lost_makes_no_second_copy",
        ],
    ),
    row(
        19,
        "AWS refuses: credentials, rights, throttling, quotas",
        "a line that says what happened, and one that says what to do",
        &[
            "tests/faults/diagnosis.rs::row_19_what_aws_refuses_terraform_is_explained_in_two_lines",
            "tests/faults/diagnosis.rs::row_19_what_aws_refuses_packer_is_explained_in_two_lines",
            "tests/faults/diagnosis.rs::expired_credentials_are_told_before_anything_is_done_and_asked_for_once",
        ],
    ),
    row(
        20,
        "variables of the user change what tools do",
        "children get an environment built from nothing",
        &[
            "tests/terraform_faults.rs::the_users_terraform_variables_and_debug_settings_stay_behind",
        ],
    ),
    row(
        21,
        "an apply without a saved plan",
        "there is always one, and only the one that was shown is applied",
        &[
            "tests/terraform_faults.rs::a_deployment_applies_exactly_the_saved_plan_and_keeps_the_outputs",
            "tests/faults/state.rs::a_plan_that_became_stale_is_not_applied",
            "tests/faults/state.rs::a_plan_that_somebody_exchanged_is_not_applied",
        ],
    ),
    row(
        22,
        "the AMI that a root looks up is gone",
        "a destroy plans from the state alone",
        &["tests/faults/terraform.rs::row_22_a_destroy_works_when_the_ami_is_gone"],
    ),
    row(
        23,
        "Packer ignores SIGINT",
        "it gets SIGTERM and takes everything away",
        &[
            "tests/faults/packer.rs::row_23_an_interrupted_build_leaves_nothing",
            "tests/faults/packer.rs::row_23_an_interrupted_build_that_ends_well_without_an_ami_is_interrupted",
        ],
    ),
    row(
        24,
        "a killed Packer leaves things in the account",
        "they are told of and swept",
        &[
            "tests/images_usage/leftovers.rs::what_a_killed_packer_leaves_is_told_of_and_swept_once_its_run_is_over",
        ],
    ),
    row(
        25,
        "whoever reads Packer's output dies",
        "the build goes on and is taken over",
        &["tests/images_exact/interrupted.rs::a_build_that_outlives_its_driver_is_waited_for"],
    ),
    row(
        26,
        "Packer is stopped while AWS makes the AMI",
        "AWS is asked, and the next run uses it",
        &["tests/faults/packer.rs::row_26_an_ami_of_a_build_that_was_interrupted_is_found"],
    ),
    row(
        27,
        "the answer that names the AMI is lost",
        "AWS is asked; the run is degraded",
        &["tests/faults/packer.rs::row_27_an_ami_whose_answer_was_lost_is_found"],
    ),
    row(
        28,
        "a clean-up call fails and Packer exits with 0",
        "degraded, exit code 11",
        &["tests/faults/packer.rs::row_28_a_clean_up_that_fails_is_no_success"],
    ),
    row(
        29,
        "one of several builds fails",
        "the others are kept, and the next run builds the rest",
        &[
            "tests/parallel_builds.rs::one_failure_lets_the_others_finish_and_the_next_run_builds_the_rest_alone",
            "src/tools/packer/outcome.rs::the_failure_of_another_builder_leaves_this_one_good",
        ],
    ),
    row(
        30,
        "Packer's escapes are lossy",
        "ids come from artifact lines and the manifest, and AWS confirms them",
        &[
            "src/tools/packer/outcome.rs::a_manifest_that_disagrees_degrades",
            "src/tools/packer/outcome.rs::a_build_is_good_when_all_agree",
        ],
    ),
    row(
        31,
        "each series of Packer has other plugins",
        "the version decides",
        &["src/tools/packer/version.rs::each_series_has_its_plugins"],
    ),
    row(
        32,
        "`-on-error=abort` leaves everything behind",
        "Packer is told to clean up",
        &["tests/faults/packer.rs::row_32_packer_is_never_told_to_leave_things_behind"],
    ),
    row(
        33,
        "the old AMI goes and the build fails",
        "the old one stays until the new one is deployed",
        &[
            "tests/images_exact/faults.rs::when_the_copy_fails_the_old_content_gets_its_name_back",
            "tests/images_exact/faults.rs::a_run_that_dies_between_two_calls_is_continued_by_the_next",
        ],
    ),
    row(
        34,
        "the AMI is still used",
        "it stays, and its users are named",
        &[
            "tests/images_usage/pruning.rs::what_is_in_use_stays_with_its_user_named",
            "tests/images_exact/exact_name.rs::an_image_that_others_use_is_not_taken_away",
        ],
    ),
    row(
        35,
        "a new AMI is not visible yet",
        "it is asked for again, with a deadline",
        &["tests/images/misfortune.rs::the_driver_asks_again_for_an_image_that_it_cannot_see"],
    ),
    row(
        36,
        "copies in other regions are forgotten",
        "they go as well",
        &["tests/images_usage/pruning.rs::copies_in_other_regions_go_as_well"],
    ),
    row(
        37,
        "a name cannot be passed on without a new id",
        "unique names and ids; exact names only where they are asked for",
        &[
            "tests/images_exact/exact_name.rs::the_name_follows_the_newest_content_and_the_one_before_stays",
        ],
    ),
    row(
        38,
        "Packer prints a secret",
        "nothing that is written holds it",
        &[
            "tests/canary/places.rs::nothing_of_a_run_that_succeeds_holds_it",
            "tests/canary/places.rs::nothing_of_a_failed_build_holds_it",
        ],
    ),
    row(
        39,
        "a parse error quotes a secret",
        "nothing that is written holds it",
        &[
            "tests/canary/places.rs::nothing_of_a_template_that_packer_does_not_take_holds_it",
            "tests/canary/places.rs::nothing_of_a_root_module_that_terraform_does_not_take_holds_it",
            "tests/canary/places.rs::nothing_of_variables_that_nobody_can_read_holds_it",
        ],
    ),
    row(
        40,
        "a provider quotes a secret, also in a hex dump",
        "nothing that is written holds it",
        &[
            "tests/canary/places.rs::nothing_of_a_providers_error_holds_it",
            "tests/canary/places.rs::nothing_of_a_failed_plan_or_init_holds_it",
        ],
    ),
    row(
        41,
        "a child prints its environment",
        "nothing that is written holds the secrets in it",
        &[
            "tests/canary/places.rs::nothing_of_a_run_that_succeeds_holds_it",
            "tests/canary/places.rs::nothing_of_a_failed_task_holds_it",
        ],
    ),
    row(
        42,
        "debug logs of Terraform hold credentials",
        "they are never on",
        &[
            "tests/terraform_faults.rs::the_users_terraform_variables_and_debug_settings_stay_behind",
        ],
    ),
    row(
        43,
        "states and plans are readable by everybody",
        "they are private; the plan goes",
        &[
            "tests/faults/terraform.rs::row_43_state_and_plan_are_nobody_elses_to_read",
            "tests/terraform_faults.rs::nothing_is_written_into_the_source_tree_and_no_plan_is_left",
        ],
    ),
    row(
        44,
        "`-var` puts a secret on the command line",
        "secrets travel in the environment; every command line is looked at",
        &["tests/canary/places.rs::nothing_of_a_run_that_succeeds_holds_it"],
    ),
    row(
        45,
        "outputs hold markup and escape sequences",
        "they are shown as text",
        &["tests/report/inertness.rs::a_page_has_no_html_and_no_links_but_our_own"],
    ),
    row(
        46,
        "`pass show FOLDER` succeeds",
        "a folder is no entry",
        &["tests/credentials/pass.rs::a_folder_is_no_entry"],
    ),
    row(
        47,
        "an entry is missing, locked or damaged, or gpg is missing",
        "a message for each",
        &[
            "tests/credentials/pass.rs::a_missing_entry_is_named_with_the_command_that_stores_it",
            "tests/credentials/pass.rs::damaged_entries_are_told_from_locked_ones",
            "tests/credentials/pass.rs::a_machine_without_gpg_says_so",
            "tests/credentials/pass.rs::a_locked_key_is_an_error_and_leaves_no_prompt_behind",
        ],
    ),
    row(
        48,
        "a pinentry that nobody sees",
        "it is ended at the deadline",
        &["tests/credentials/pass.rs::a_prompt_that_is_never_answered_is_ended_at_the_deadline"],
    ),
    row(
        49,
        "entries of several lines, empty ones, ones with NUL",
        "the first line, if it is one",
        &[
            "tests/credentials/pass.rs::the_first_line_of_an_entry_is_the_secret",
            "tests/credentials/pass.rs::entries_without_a_usable_first_line_are_refused",
        ],
    ),
    row(
        50,
        "a keyring that keeps nothing",
        "what is stored is found by another program",
        &["tests/credentials/keyring.rs::an_unlocked_keyring_stores_finds_and_forgets"],
    ),
    row(
        51,
        "the kernel's keys vanish",
        "they are no store of ours",
        &["tests/credentials/keyring.rs::an_unlocked_keyring_stores_finds_and_forgets"],
    ),
    row(
        52,
        "there is no Secret Service, or a locked or hanging one",
        "it is named with the mend, before the deadline",
        &[
            "tests/credentials/keyring.rs::a_session_without_a_secret_service_says_so",
            "tests/credentials/keyring.rs::a_locked_keyring_is_an_error_or_a_warning",
            "tests/credentials/keyring.rs::a_keyring_that_never_answers_is_given_up_at_the_deadline",
        ],
    ),
];
