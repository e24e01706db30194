//! Files per second over the gallery of real SDL files.

use criterion::{criterion_group, criterion_main, Criterion, Throughput};
use perigee_bench_libraries::gallery;
use perigee_sdl::Sdl;
use std::hint::black_box;

fn gallery_files(criterion: &mut Criterion) {
    let files = gallery();
    let mut group = criterion.benchmark_group("sdl");
    group.throughput(Throughput::Elements(files.len() as u64));
    group.bench_function("gallery", |bencher| {
        bencher.iter(|| {
            for (name, text) in &files {
                let sdl = Sdl::parse_bytes(name, black_box(text));
                black_box(sdl.map(|sdl| (sdl.manifest_json(), sdl.groups_json(), sdl.hash())).ok());
            }
        });
    });
    group.finish();
}

criterion_group!(benches, gallery_files);
criterion_main!(benches);
