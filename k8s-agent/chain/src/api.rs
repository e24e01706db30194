//! Code generated from the runtime's metadata.

#[allow(missing_docs, clippy::all)]
#[subxt::subxt(
    runtime_metadata_path = "metadata.scale",
    substitute_type(
        path = "perigee_primitives::resources::Resources",
        with = "::subxt::utils::Static<::perigee_primitives::Resources>"
    ),
    substitute_type(
        path = "perigee_primitives::resources::PriceSchedule",
        with = "::subxt::utils::Static<::perigee_primitives::PriceSchedule>"
    ),
    substitute_type(
        path = "perigee_primitives::provider::Isolation",
        with = "::subxt::utils::Static<::perigee_primitives::Isolation>"
    ),
    substitute_type(
        path = "perigee_primitives::provider::Tier",
        with = "::subxt::utils::Static<::perigee_primitives::Tier>"
    ),
    substitute_type(
        path = "perigee_primitives::provider::Ask<A>",
        with = "::subxt::utils::Static<::perigee_primitives::Ask<A>>"
    ),
    substitute_type(
        path = "perigee_primitives::provider::AskTerms<A>",
        with = "::subxt::utils::Static<::perigee_primitives::AskTerms<A>>"
    ),
    substitute_type(
        path = "perigee_primitives::order::GroupOrder<A>",
        with = "::subxt::utils::Static<::perigee_primitives::GroupOrder<A>>"
    ),
    substitute_type(
        path = "perigee_primitives::order::Refusal",
        with = "::subxt::utils::Static<::perigee_primitives::Refusal>"
    ),
    substitute_type(
        path = "perigee_primitives::placement::Standings",
        with = "::subxt::utils::Static<::perigee_primitives::Standings>"
    ),
    substitute_type(
        path = "perigee_primitives::lease::Backlog",
        with = "::subxt::utils::Static<::perigee_primitives::Backlog>"
    ),
    substitute_type(
        path = "perigee_primitives::lease::DeclineReason",
        with = "::subxt::utils::Static<::perigee_primitives::DeclineReason>"
    ),
    substitute_type(
        path = "perigee_primitives::lease::CloseReason",
        with = "::subxt::utils::Static<::perigee_primitives::CloseReason>"
    ),
    substitute_type(
        path = "perigee_primitives::lease::LeaseState<A>",
        with = "::subxt::utils::Static<::perigee_primitives::LeaseState<A>>"
    ),
    substitute_type(
        path = "perigee_primitives::attestation::AttestationTimes",
        with = "::subxt::utils::Static<::perigee_primitives::AttestationTimes>"
    ),
    substitute_type(
        path = "perigee_primitives::attestation::UnbilledRun",
        with = "::subxt::utils::Static<::perigee_primitives::UnbilledRun>"
    )
)]
mod generated {}

pub(crate) use generated::*;
