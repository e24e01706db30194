//! What to do next after the chain refused a call. The errors' own words say what is wrong.

/// Hints of a pallet: error, what to do next.
type Hints = &'static [(&'static str, &'static str)];

const ESCROW: Hints = &[
    (
        "AccountClosed",
        "The lease has ended; `perigee close ID --wait` shows its ledger.",
    ),
    ("AccountExists", "Deploy again: the next lease has another number."),
    (
        "BelowMinimum",
        "Deposit more at once; the owner sets the minimum with `perigee depositors`.",
    ),
    ("IncomeTooSmall", "Nothing is lost: the next income adds to it. `perigee income` shows how much there is."),
    (
        "InsufficientBalance",
        "`perigee deposit ID AMOUNT` adds to it; `perigee status ID` shows escrow and rate.",
    ),
    (
        "InsufficientDeposit",
        "`perigee status ID` shows what is left; take back less.",
    ),
    (
        "MissingOnHold",
        "The deposit was taken by another pallet; close the deployment, what is left comes back.",
    ),
    (
        "NoSuchAccount",
        "Everything was paid out, or the lease never was: `perigee list` shows yours.",
    ),
    (
        "NotApproved",
        "The owner lets you deposit with `perigee depositors ID allow ACCOUNT`.",
    ),
    ("NotOwner", "Choose the owner's key with --key or PERIGEE_KEY."),
    (
        "NothingToClaim",
        "Nothing is judged that was not paid out yet: `perigee agent status` shows what is due.",
    ),
    (
        "NothingToWithdraw",
        "Only who deposited takes back; the rest comes back at the end by itself.",
    ),
    ("Overflow", "Take a smaller amount."),
    (
        "OwnerNeedsNoApproval",
        "Deposit as you are: `perigee deposit ID AMOUNT`.",
    ),
    ("RecipientTwice", "Add the two shares of that recipient."),
    ("ShareOfPot", "Name another account than the pot."),
    ("SharesDoNotAddUp", "Let the shares add to 1,000,000 exactly."),
    (
        "TooManyApprovals",
        "Seven accounts are approved at most, beside the owner; take an approval back with `perigee depositors ID forbid ACCOUNT`.",
    ),
    (
        "TooManyCredits",
        "`perigee claim LEASE` pays out what is owed and makes room.",
    ),
    (
        "TooManyDepositors",
        "Eight accounts deposit at most: `perigee claim LEASE` clears those whose money is used up, or one takes its money back with `perigee withdraw`.",
    ),
    ("ZeroAmount", "Name an amount above zero, for example 1prg."),
    ("ZeroShare", "Leave that recipient out."),
];

const MARKETPLACE: Hints = &[
    ("AlreadyOwner", "Name another account with --to."),
    ("AlreadyPaused", "`perigee resume ID` ends the pause."),
    ("AskGone", "Size and term stay as they are; for others, deploy anew."),
    ("BadReceipt", "Send again to get another receipt: `perigee send ID`."),
    ("DeploymentEnded", "`perigee close ID --wait` shows the ledger."),
    (
        "DepositTooSmall",
        "Deposit more with --deposit, or leave it out: the least that is enough is then chosen.",
    ),
    (
        "LeaseEnded",
        "Deploy again; `perigee close ID --wait` shows the ledger.",
    ),
    ("LeasePending", "Wait until it runs: `perigee status ID`."),
    ("LeaseRuns", "Close it first: `perigee close ID`."),
    (
        "NoAskFits",
        "Nothing was paid but the transaction fee. Deploy again: the offers are asked anew.",
    ),
    ("NoAsks", "`perigee providers` shows the asks there are."),
    ("NoGroups", "A file has to place at least one service, at one to eight placements."),
    (
        "NoSuchDeployment",
        "`perigee list` shows your deployments. Records are kept for a day after the end.",
    ),
    (
        "NoSuchLease",
        "`perigee list` shows your deployments. Records are kept for a day after the end.",
    ),
    (
        "NoTerm",
        "It runs for as long as its escrow lasts: `perigee deposit ID AMOUNT` adds to it.",
    ),
    (
        "NoTransferOffered",
        "The owner offers it with `perigee transfer ID --to ACCOUNT`.",
    ),
    (
        "NotAbandoned",
        "Attestation must have seen the provider absent for 36 epochs on end: `perigee status ID` shows the blocks so far. Close it without --abandoned; absence that is attested later still counts for what is billed.",
    ),
    ("NotActive", "Wait until it runs: `perigee status ID`."),
    (
        "NotCovered",
        "`perigee deposit ID AMOUNT` first; `perigee status ID` shows escrow and rate.",
    ),
    (
        "NotOffered",
        "`perigee providers` shows what the provider's ask has prices for.",
    ),
    (
        "NotOperator",
        "Choose the key of the provider's operator with --key or PERIGEE_KEY.",
    ),
    (
        "NotOwner",
        "Choose the owner's key with --key or PERIGEE_KEY. Others deposit once the lease is active.",
    ),
    ("NotPaused", "It runs: `perigee status ID`."),
    ("NotPending", "It runs already or is over: `perigee status ID`."),
    ("NotRunnable", "Give every service CPU and memory in the file."),
    ("NoticeAlreadyGiven", "`perigee status ID` shows when it ends."),
    ("Overflow", "Take a smaller amount or a shorter time."),
    (
        "PauseNotEarned",
        "What it pays earns pauses: take a shorter time with --for, or end the pause and let it run for a while.",
    ),
    ("PauseTooLong", "Leave --for out: the longest pause is then taken."),
    (
        "RateTooHigh",
        "The ask was replaced meanwhile, and nothing but the fee was paid; the same command again shows the new price.",
    ),
    ("ReadinessUnchanged", "Nothing is left to do."),
    (
        "ReceiptFiled",
        "Nothing is left to do: the provider answers for the missed start.",
    ),
    ("ReceiptFiledTooLate", "Deploy again; the deposit came back."),
    (
        "ReceivedTooLate",
        "The provider had too little time, so its bond pays nothing. Deploy again, and send at once.",
    ),
    (
        "SlaNotCounted",
        "`perigee claim LEASE` counts on (`perigee status ID` shows its number), and the chain goes on by itself in the next blocks. Then the same command again.",
    ),
    (
        "TenantNotAdmitted",
        "The provider decides whom it serves; the new owner has to deploy anew elsewhere.",
    ),
    (
        "TermTooLong",
        "Take a shorter time with --for: `perigee providers` shows the longest that the ask takes.",
    ),
    (
        "TooManyPendingChanges",
        "Four changes wait at most, three while the workload is unready. `perigee status ID` shows what is judged and when the next one takes effect; then try again.",
    ),
    ("ZeroAmount", "Name an amount above zero, for example 1prg."),
    ("ZeroBlocks", "Name a time above zero with --for, for example 1h."),
    ("ZeroTerm", "Name a time with --for, for example 24h, or leave it out."),
];

const PROVIDERS: Hints = &[
    ("AskExpired", "A running agent publishes it anew: `perigee agent run`."),
    ("AuditExpired", "Name a later block."),
    ("AuditValid", "Its auditor revokes it, or it expires."),
    ("BadAttributes", "Correct `attributes` in [ask] of the agent's config."),
    ("BadContact", "Write an address such as abuse@provider.example."),
    (
        "BadCountry",
        "Write two letters such as DE for `country` in [ask] of the agent's config.",
    ),
    ("BadGateway", "Write host and port, for example provider.example:8443."),
    (
        "BadProof",
        "The state directory holds the key of another chain or stash: run `perigee agent init` in a fresh one.",
    ),
    (
        "BadRegion",
        "Write a name such as eu-west for `region` in [ask] of the agent's config.",
    ),
    (
        "BadSla",
        "Write per cent from 0 to 100, such as 99.5, for `sla_percent` in [ask] of the agent's config.",
    ),
    (
        "BadTermLimits",
        "Correct `shortest_hours` and `longest_hours` in [ask] of the agent's config.",
    ),
    (
        "HeartbeatKeyTaken",
        "Each provider makes its own: run `perigee agent init` in a fresh state directory.",
    ),
    ("IdsExhausted", "Nothing can be done about it on this chain."),
    (
        "KeyChangedRecently",
        "Try again when the epochs that the old key signed for are judged.",
    ),
    (
        "NoCapacity",
        "Take less, or deploy it elsewhere: `perigee providers` shows what is free.",
    ),
    (
        "NoPins",
        "Run `perigee agent init`: it makes the gateway's certificate.",
    ),
    (
        "NotBacked",
        "The stake must be seven days of all rates together. Take less, or elsewhere; the provider backs more with `perigee agent stake add AMOUNT`.",
    ),
    ("NotEnoughStake", "Unbond less: `perigee agent stake` shows what there is."),
    (
        "NotOperator",
        "Choose the key of the provider's operator with --key or PERIGEE_KEY.",
    ),
    (
        "NotStash",
        "Choose the key of the provider's stash with --key or PERIGEE_KEY.",
    ),
    ("NotYourAsk", "`perigee agent ask` shows yours."),
    ("NothingToSlash", "Nothing can be taken any more."),
    (
        "NothingUnbonded",
        "`perigee agent stake` shows when it can be withdrawn.",
    ),
    (
        "NoticeOutOfBounds",
        "Between one minute and 30 days: correct `notice_hours` in [ask] of the agent's config.",
    ),
    (
        "OperatorTaken",
        "An operator acts for one provider: name another with `perigee agent init --operator`.",
    ),
    (
        "PoolTooSmall",
        "`perigee agent bond` shows what answers for leases and what is free.",
    ),
    (
        "StakeBacksLeases",
        "Unbond less, or wait until leases have ended: `perigee agent stake` shows the rate that is leased.",
    ),
    (
        "StakeTooLow",
        "100 PRG at least. Raise `stake` in the agent's config, or `perigee agent stake add AMOUNT`; `perigee agent stake` shows what there is.",
    ),
    (
        "StashTaken",
        "A stash has one provider: `perigee agent stake` shows it. For another one take another stash.",
    ),
    (
        "StillBonded",
        "Bonds come free when the last blocks of the leases are judged.",
    ),
    (
        "StillLeased",
        "Leases must have ended and be settled first: `perigee agent status` shows them.",
    ),
    (
        "TooManyAsks",
        "A provider has eight at most, and `perigee agent ask` shows them. A running agent keeps one, with the terms of [ask] in its config, and withdraws the others.",
    ),
    (
        "TooManyUnbonding",
        "`perigee agent stake withdraw` returns what has unbonded.",
    ),
    ("UnknownAsk", "`perigee agent ask` shows those there are."),
    ("UnknownAudit", "Nothing is left to revoke."),
    ("UnknownProvider", "`perigee providers` shows those there are."),
    ("ZeroAmount", "Name an amount above zero, for example 1prg."),
];

/// Of errors that belong to no pallet of the market: money that is not there, and limits of accounts.
const SYSTEM: Hints = &[
    (
        "FundsUnavailable",
        "The account that pays holds too little that is free: take a smaller amount, or send it some PRG.",
    ),
    (
        "Underflow",
        "That is more than the account holds: take a smaller amount.",
    ),
    ("Overflow", "That is more than can be counted: take a smaller amount."),
    (
        "Frozen",
        "A part of the account's money is frozen, for example by a vote: take a smaller amount, or wait until it is free.",
    ),
    (
        "OnlyProvider",
        "An account keeps a small amount to exist, and this would take it: take a smaller amount.",
    ),
    ("NotExpendable", "An account keeps a small amount to exist, and this would take it: take a smaller amount."),
    (
        "BelowMinimum",
        "The account would hold less than an account may: send more at once.",
    ),
    ("CannotCreate", "Send the account some PRG first: it does not exist yet."),
    ("Exhausted", "The block was full: the same command again."),
];

/// What to do next; nothing for what nobody meets who types commands.
pub fn hint(pallet: &str, error: &str) -> Option<&'static str> {
    let hints = match pallet {
        "System" => SYSTEM,
        "Escrow" => ESCROW,
        "Marketplace" => MARKETPLACE,
        "Providers" => PROVIDERS,
        _ => return None,
    };
    let known = hints.iter().find(|(name, _)| *name == error);
    known.map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use subxt::Metadata;

    fn metadata() -> Metadata {
        let bytes: &[u8] = include_bytes!("../../chain/metadata.scale");
        Metadata::decode_from(bytes).unwrap()
    }

    /// The errors of a pallet, and what each says.
    fn errors(metadata: &Metadata, pallet: &str) -> Vec<(String, String)> {
        let variants = metadata.pallet_by_name(pallet).unwrap().error_variants().unwrap();
        variants.iter().map(|v| (v.name.clone(), v.docs.concat())).collect()
    }

    #[test]
    fn every_error_of_the_market_has_a_hint_and_every_hint_an_error() {
        let metadata = metadata();
        for (pallet, hints) in [
            ("Escrow", ESCROW),
            ("Marketplace", MARKETPLACE),
            ("Providers", PROVIDERS),
        ] {
            let known = errors(&metadata, pallet);
            let known: BTreeSet<_> = known.iter().map(|(name, _)| name.as_str()).collect();
            let hinted: BTreeSet<_> = hints.iter().map(|(name, _)| *name).collect();
            assert_eq!(known, hinted, "{pallet}");
        }
    }

    #[test]
    fn hints_name_the_limits_that_the_chain_has() {
        let metadata = metadata();
        let constant = |pallet: &str, name: &str| {
            let constant = metadata.pallet_by_name(pallet).unwrap().constant_by_name(name).unwrap();
            let mut bytes = [0; 16];
            bytes[..constant.value().len()].copy_from_slice(constant.value());
            u128::from_le_bytes(bytes)
        };
        let says = |pallet: &str, error: &str, words: &str| {
            let hint = hint(pallet, error).unwrap();
            assert!(hint.contains(words), "{hint}");
        };
        assert_eq!(constant("Providers", "MinStake"), 100 * perigee_primitives::PRG);
        says("Providers", "StakeTooLow", "100 PRG");
        let (minute, day) = (30, 43_200);
        assert_eq!(constant("Providers", "MinNotice"), minute);
        assert_eq!(constant("Providers", "MaxNotice"), 30 * day);
        says("Providers", "NoticeOutOfBounds", "one minute and 30 days");
        assert_eq!(constant("Providers", "StakeBlocks"), 7 * day);
        says("Providers", "NotBacked", "seven days");
        assert_eq!(constant("Providers", "MaxAsks"), 8);
        says("Providers", "TooManyAsks", "eight");
        assert_eq!(constant("Marketplace", "AbandonedEpochs"), 36);
        says("Marketplace", "NotAbandoned", "36 epochs");
        assert_eq!(perigee_primitives::traits::MAX_DEPOSITORS, 8);
        says("Escrow", "TooManyDepositors", "Eight");
        says("Escrow", "TooManyApprovals", "Seven");
    }

    #[test]
    fn every_error_says_in_words_what_is_wrong() {
        let metadata = metadata();
        for pallet in ["Escrow", "Marketplace", "Providers", "Reputation"] {
            for (name, docs) in errors(&metadata, pallet) {
                assert!(!docs.trim().is_empty(), "{pallet}::{name}");
            }
        }
    }

    #[test]
    fn an_error_of_the_chain_is_shown_with_its_hint() {
        let refused = perigee_chain::ChainError::Refused {
            pallet: "Marketplace".into(),
            error: "NotPaused".into(),
            docs: "The lease is not paused.".into(),
        };
        let shown = crate::error::CliError::from(refused);
        assert_eq!(shown.hints(), ["It runs: `perigee status ID`."]);
        assert_eq!(hint("System", "NotPaused"), None);
    }
}
