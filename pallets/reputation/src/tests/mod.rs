mod judging;
mod reports;
mod snapshots;
mod unbilled;
mod worker;
