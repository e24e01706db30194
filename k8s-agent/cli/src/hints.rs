//! What to do next after the chain refused a call, where the error's own words do not say it.

/// Pallet, error, what to do next.
const HINTS: [(&str, &str, &str); 39] = [
    (
        "Escrow",
        "BelowMinimum",
        "Deposit more at once; the owner sets the minimum with `perigee depositors`.",
    ),
    (
        "Escrow",
        "IncomeTooSmall",
        "Nothing is lost: the next income adds to it.",
    ),
    (
        "Escrow",
        "InsufficientDeposit",
        "`perigee status ID` shows what is left; take back less.",
    ),
    (
        "Escrow",
        "MissingOnHold",
        "The deposit was taken by another pallet; close the deployment, what is left comes back.",
    ),
    (
        "Escrow",
        "NotApproved",
        "The owner lets you deposit with `perigee depositors ID allow ACCOUNT`.",
    ),
    (
        "Escrow",
        "NothingToWithdraw",
        "Only who deposited takes back; the rest comes back at the end by itself.",
    ),
    (
        "Escrow",
        "TooManyApprovals",
        "Take an approval back with `perigee depositors ID`.",
    ),
    (
        "Escrow",
        "TooManyCredits",
        "`perigee claim LEASE` pays out what is owed and makes room.",
    ),
    (
        "Escrow",
        "TooManyDepositors",
        "`perigee claim LEASE`, or one of the depositors takes its money back with `perigee withdraw`.",
    ),
    (
        "Marketplace",
        "AskGone",
        "Size and term stay as they are; for others, deploy anew.",
    ),
    ("Marketplace", "AlreadyPaused", "`perigee resume ID` ends the pause."),
    (
        "Marketplace",
        "DepositTooSmall",
        "Deposit more with --deposit, or leave it out: the least that is enough is then chosen.",
    ),
    (
        "Marketplace",
        "LeaseEnded",
        "Deploy again; `perigee close ID --wait` shows the ledger.",
    ),
    (
        "Marketplace",
        "LeasePending",
        "Wait until it runs: `perigee status ID`.",
    ),
    (
        "Marketplace",
        "NoAskFits",
        "Nothing was paid but the transaction fee. Deploy again: the offers are asked anew.",
    ),
    (
        "Marketplace",
        "NoSuchDeployment",
        "`perigee list` shows your deployments. Records are kept for a day after the end.",
    ),
    (
        "Marketplace",
        "NoSuchLease",
        "`perigee list` shows your deployments. Records are kept for a day after the end.",
    ),
    (
        "Marketplace",
        "NoTerm",
        "It runs for as long as its escrow lasts: `perigee deposit ID AMOUNT` adds to it.",
    ),
    (
        "Marketplace",
        "NoTransferOffered",
        "The owner offers it with `perigee transfer ID ACCOUNT`.",
    ),
    (
        "Marketplace",
        "NotAbandoned",
        "Close it without --abandoned; absence that is attested later still counts for what is billed.",
    ),
    ("Marketplace", "NotActive", "Wait until it runs: `perigee status ID`."),
    (
        "Marketplace",
        "NotCovered",
        "`perigee deposit ID AMOUNT` first; `perigee status ID` shows escrow and rate.",
    ),
    (
        "Marketplace",
        "NotOffered",
        "`perigee providers` shows what the provider's ask has prices for.",
    ),
    (
        "Marketplace",
        "NotOwner",
        "Choose the owner's key with --key or PERIGEE_KEY. Others deposit once the lease is active.",
    ),
    (
        "Marketplace",
        "PauseTooLong",
        "Leave --for out: the longest pause is then taken.",
    ),
    (
        "Marketplace",
        "RateTooHigh",
        "The ask was replaced meanwhile; the same command again shows the new price.",
    ),
    (
        "Marketplace",
        "TenantNotAdmitted",
        "The provider decides whom it serves; the new owner has to deploy anew elsewhere.",
    ),
    (
        "Marketplace",
        "TooManyPendingChanges",
        "Wait until the next attestation epochs are judged, then try again.",
    ),
    (
        "Providers",
        "HeartbeatKeyTaken",
        "Each provider makes its own: run `perigee agent init` in a fresh state directory.",
    ),
    ("Providers", "NotBacked", "`perigee agent stake add AMOUNT` backs more."),
    (
        "Providers",
        "NotEnoughStake",
        "`perigee agent stake` shows what there is.",
    ),
    (
        "Providers",
        "NothingUnbonded",
        "`perigee agent stake` shows when it can be withdrawn.",
    ),
    (
        "Providers",
        "PoolTooSmall",
        "`perigee agent bond` shows what answers for leases and what is free.",
    ),
    (
        "Providers",
        "StakeBacksLeases",
        "Unbond less, or wait until leases have ended: `perigee agent stake` shows the rate that is leased.",
    ),
    (
        "Providers",
        "StakeTooLow",
        "Raise `stake` in the agent's config, or `perigee agent stake add AMOUNT`.",
    ),
    (
        "Providers",
        "StillBonded",
        "Bonds come free when the last blocks of the leases are judged.",
    ),
    (
        "Providers",
        "StillLeased",
        "Leases must have ended and be settled first: `perigee agent status` shows them.",
    ),
    (
        "Providers",
        "TooManyAsks",
        "Withdraw one, or replace it in place: `perigee agent ask` shows them.",
    ),
    (
        "Providers",
        "TooManyUnbonding",
        "`perigee agent stake withdraw` returns what has unbonded.",
    ),
];

/// What to do next, if there is more to say than the error says.
pub fn hint(pallet: &str, error: &str) -> Option<&'static str> {
    let known = HINTS.iter().find(|(p, e, _)| *p == pallet && *e == error);
    known.map(|(_, _, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use subxt::Metadata;

    const PALLETS: [&str; 4] = ["Escrow", "Marketplace", "Providers", "Reputation"];

    fn metadata() -> Metadata {
        let bytes: &[u8] = include_bytes!("../../chain/metadata.scale");
        Metadata::decode_from(bytes).unwrap()
    }

    #[test]
    fn hints_are_about_errors_that_exist() {
        let metadata = metadata();
        for (pallet, error, _) in HINTS {
            let variants = metadata.pallet_by_name(pallet).unwrap().error_variants().unwrap();
            assert!(variants.iter().any(|v| v.name == error), "{pallet}::{error}");
        }
    }

    #[test]
    fn every_error_says_in_words_what_is_wrong() {
        let metadata = metadata();
        for name in PALLETS {
            let variants = metadata.pallet_by_name(name).unwrap().error_variants().unwrap();
            for variant in variants {
                assert!(!variant.docs.concat().trim().is_empty(), "{name}::{}", variant.name);
            }
        }
    }
}
