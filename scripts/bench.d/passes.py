"""The same day of windows by brahe, and both beside each other.

Arguments: our question with our answer, seconds, where the JSON goes.
"""

import json
import sys
import time

import brahe

# Edges may differ by this, in seconds: brahe looks for them to a millisecond.
TOLERANCE_S = 0.01
# Its own choice, which steps over shorter windows, and one that steps over few.
STEPS_S = (60.0, 10.0)

ours_file, seconds, out = sys.argv[1], float(sys.argv[2]), sys.argv[3]
with open(ours_file) as file:
    ours = json.load(file)

brahe.set_global_eop_provider(brahe.StaticEOPProvider.from_zero())
lines = ours["catalogue"].splitlines()
start = brahe.Epoch.from_string(ours["start"])
end = start + ours["duration_s"]
propagators = [brahe.SGPPropagator.from_tle(*pair, 60.0) for pair in zip(lines[::2], lines[1::2])]
stations = [brahe.PointLocation(lon, lat, 0.0) for lat, lon in ours["stations"]]
constraint = brahe.ElevationConstraint(min_elevation_deg=ours["min_elevation_deg"], max_elevation_deg=None)


def search(step_s):
    """Windows of each satellite: station, start and end in seconds."""
    config = brahe.AccessSearchConfig(initial_time_step=step_s, parallel=False)
    found = []
    for propagator in propagators:
        windows = []
        for index, station in enumerate(stations):
            for window in brahe.location_accesses(station, propagator, start, end, constraint, config=config):
                windows.append((index, window.window_open - start, window.window_close - start))
        found.append(windows)
    return found


def compare(theirs):
    """How many windows are in both, only here, only there; worst edge; longest window that is only here."""
    both, only_theirs, worst, missed = 0, 0, 0.0, []
    for here, there in zip(ours["windows"], theirs):
        left = {}
        for station, *span in here:
            left.setdefault(station, []).append(span)
        for station, opens, closes in there:
            near = [s for s in left.get(station, []) if max(abs(s[0] - opens), abs(s[1] - closes)) <= TOLERANCE_S]
            if near:
                left[station].remove(near[0])
                worst = max(worst, abs(near[0][0] - opens), abs(near[0][1] - closes))
                both += 1
            else:
                only_theirs += 1
        missed += [closes - opens for spans in left.values() for opens, closes in spans]
    return {
        "both": both,
        "only_theirs": only_theirs,
        "only_ours": len(missed),
        "longest_only_ours_s": max(missed, default=0.0),
        "worst_edge_s": worst,
    }


runs = []
for step_s in STEPS_S:
    best, found, begun = float("inf"), None, time.perf_counter()
    while found is None or time.perf_counter() - begun < seconds:
        round_begun = time.perf_counter()
        found = search(step_s)
        best = min(best, time.perf_counter() - round_begun)
    runs.append({"step_s": step_s, "round_s": best, "ratio": best / ours["round_s"], **compare(found)})

count = sum(len(windows) for windows in ours["windows"])
print(f"{'':28}{'seconds':>10}{'windows':>10}{'times slower':>14}")
print(f"{'perigee-orbit':28}{ours['round_s']:>10.2f}{count:>10}")
for run in runs:
    name = f"brahe {brahe.__version__}, steps of {run['step_s']:.0f} s"
    print(f"{name:28}{run['round_s']:>10.2f}{run['both'] + run['only_theirs']:>10}{run['ratio']:>14.1f}")
print(f"{len(propagators)} satellites, {len(stations)} stations, one day, one core, fastest round")
for run in runs:
    print(
        f"steps of {run['step_s']:.0f} s: {run['both']} windows in both, edges within {run['worst_edge_s'] * 1e3:.1f} ms; "
        f"{run['only_ours']} only here, the longest {run['longest_only_ours_s']:.1f} s; {run['only_theirs']} only there"
    )
with open(out, "w") as file:
    json.dump({"ours_round_s": ours["round_s"], "windows": count, "brahe": runs}, file, indent=2)
    file.write("\n")
print(f"figures: {out}", file=sys.stderr)
# What brahe finds must be here; what it misses must be too short for its steps.
wrong = [run for run in runs if run["only_theirs"] > 0 or run["longest_only_ours_s"] >= run["step_s"]]
sys.exit(1 if wrong else 0)
