//! A day of windows, and the parts that it is made of.

use criterion::{criterion_group, criterion_main, Criterion, Throughput};
use perigee_bench_libraries::{day, satellites, stations};
use perigee_orbit::{passes, Propagator};
use std::hint::black_box;

fn day_of_windows(criterion: &mut Criterion) {
    let (satellites, stations, day) = (satellites(), stations(), day());
    let mut group = criterion.benchmark_group("passes");
    group.sample_size(10);
    // With one station nearly all that is left is the theory and the table.
    for count in [1, stations.len()] {
        group.throughput(Throughput::Elements((satellites.len() * count) as u64));
        group.bench_function(
            format!("{} satellites, {count} stations, 1 day", satellites.len()),
            |bencher| {
                bencher.iter(|| {
                    for elements in &satellites {
                        let propagator = Propagator::new(elements).expect("an orbit");
                        black_box(passes(&propagator, &stations[..count], day).expect("no satellite decays"));
                    }
                });
            },
        );
    }
    group.finish();
}

fn states(criterion: &mut Criterion) {
    let (satellites, day) = (satellites(), day());
    let mut group = criterion.benchmark_group("states");
    for (name, elements) in [("near Earth", &satellites[0]), ("deep space", &satellites[99])] {
        let propagator = Propagator::new(elements).expect("an orbit");
        group.throughput(Throughput::Elements(1));
        group.bench_function(name, |bencher| bencher.iter(|| propagator.state(black_box(day.end()))));
    }
    group.finish();
}

criterion_group!(benches, day_of_windows, states);
criterion_main!(benches);
