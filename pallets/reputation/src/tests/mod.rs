mod judging;
mod reports;
mod snapshots;
mod standings;
mod unbilled;
mod worker;
