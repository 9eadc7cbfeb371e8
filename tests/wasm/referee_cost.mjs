// Times the referee as wasm32 on the largest step of every operator, and checks its verdicts.
// usage: node referee_cost.mjs referee_cost.wasm
import { readFileSync } from "node:fs";

const { exports: referee } = new WebAssembly.Instance(
  new WebAssembly.Module(readFileSync(process.argv[2])), {});
if (referee._initialize) referee._initialize();

const defenderWins = 1; // of referee::Verdict and of dispute::Outcome
const calls = 12, rounds = 9;

// Microseconds of one call: the median of the rounds, each the mean of some calls.
function time(call, name) {
  const each = [];
  for (let round = -1; round < rounds; ++round) {
    const started = process.hrtime.bigint();
    for (let i = 0; i < calls; ++i) {
      if (call() === defenderWins) continue;
      console.error(`FAILED: ${name} is not judged true`);
      process.exit(1);
    }
    if (round >= 0) each.push(Number(process.hrtime.bigint() - started) / 1e3 / calls);
  }
  return each.sort((a, b) => a - b)[rounds >> 1];
}

const worst = { judge: 0, last_move: 0 };
let operators = 0;
for (let code = 0; code < 1024; ++code) {
  const size = referee.prepare(code);
  if (size < 0) continue;
  ++operators;
  for (const what of Object.keys(worst))
    worst[what] = Math.max(worst[what], time(referee[what], `operator ${code}`));
}
if (operators < 42) {
  console.error(`FAILED: only ${operators} operators`);
  process.exit(1);
}
console.log(`figure referee_wasm_largest_step ${worst.judge.toFixed(0)} us`);
console.log(`figure referee_wasm_largest_last_move ${worst.last_move.toFixed(0)} us`);
