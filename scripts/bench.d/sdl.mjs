// The same work as bench/libraries/src/bin/sdl.rs by Akash's TypeScript SDK, and both beside each other.
// Arguments: folder of the SDK, folder of the files, seconds, our answers, where the JSON goes.

import { createRequire } from "node:module";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [sdkFolder, filesFolder, seconds, oursFile, out] = process.argv.slice(2);
const require = createRequire(join(sdkFolder, "package.json"));
const { generateManifest, generateManifestVersion, manifestToSortedJSON } = require("@akashnetwork/chain-sdk");
const yaml = require("js-yaml");

const files = readdirSync(filesFolder).sort().map((name) => [name, readFileSync(join(filesFolder, name))]);

async function result(bytes) {
  try {
    const made = generateManifest(yaml.load(bytes.toString("utf8")));
    if (!made.ok) return { errors: made.value.map((error) => error.message) };
    const { groups, groupSpecs } = made.value;
    const hash = Buffer.from(await generateManifestVersion(groups)).toString("hex");
    return { hash, manifest: manifestToSortedJSON(groups), groups: manifestToSortedJSON(groupSpecs) };
  } catch (error) {
    return { errors: [String(error)] };
  }
}

const theirs = {};
for (const [name, bytes] of files) theirs[name] = await result(bytes);
let best = Infinity;
const end = performance.now() + Number(seconds) * 1000;
for (let round = 0; round < 3 || performance.now() < end; round++) {
  const start = performance.now();
  for (const [, bytes] of files) await result(bytes);
  best = Math.min(best, (performance.now() - start) / 1000);
}

const ours = JSON.parse(readFileSync(oursFile, "utf8"));
const count = { both: 0, refusedByBoth: 0, acceptedHere: 0 };
const different = [];
for (const [name] of files) {
  const [here, there] = [ours.results[name], theirs[name]];
  if (there.errors) here.errors ? count.refusedByBoth++ : count.acceptedHere++;
  else if (here.hash === there.hash && here.manifest === there.manifest) count.both++;
  else different.push(name);
}

const perSecond = (round) => files.length / round;
const ratio = best / ours.round_s;
const row = (name, round) =>
  `${name.padEnd(28)}${perSecond(round).toFixed(0).padStart(10)}${(round * 1000).toFixed(2).padStart(12)}`;
console.log(`${"".padEnd(28)}${"files/s".padStart(10)}${"ms a round".padStart(12)}`);
console.log(row("perigee-sdl", ours.round_s));
console.log(row("@akashnetwork/chain-sdk", best));
console.log(`${"times faster".padEnd(28)}${ratio.toFixed(1).padStart(10)}`);
console.log(
  `${files.length} files, one core, fastest round: ${count.both} accepted by both with the same manifest and hash, ` +
    `${count.refusedByBoth} refused by both, ${count.acceptedHere} accepted here only, ${different.length} different`,
);
writeFileSync(
  out,
  JSON.stringify({ files: files.length, ours_round_s: ours.round_s, theirs_round_s: best, ratio, ...count, different }, null, 2) + "\n",
);
console.error(`figures: ${out}`);
if (different.length > 0) {
  console.error(`different: ${different.join(", ")}`);
  process.exit(1);
}
