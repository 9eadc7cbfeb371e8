// INV-REF-005. Runs judge.wasm on every evidence file of a folder and compares its reports with the native ones.
// usage: node judge.mjs judge.wasm folder [at least so many files]
import { readFileSync } from "node:fs";
import { createPublicKey, verify } from "node:crypto";
import { basename, join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { findUnfitForContracts } from "./contract_limits.mjs";

const mostCompressed = 24_000; // bytes: what contract machines take

const [modulePath, folder, least = "50"] = process.argv.slice(2);
const bytes = readFileSync(modulePath);
const module = new WebAssembly.Module(bytes);

const fail = (message) => {
  console.error(`FAILED: ${message}`);
  process.exit(1);
};

const imports = WebAssembly.Module.imports(module);
if (imports.length !== 1 || imports[0].module !== "host" || imports[0].name !== "ed25519_verify")
  fail(`the judge imports more than a signature check: ${JSON.stringify(imports)}`);
// A function that holds one f32.const, one that extends a sign, one of 101 locals: the search finds
// what it looks for.
for (const body of ["00430000803f1a0b", "004100c01a0b", "01657f0b"]) {
  const size = body.length / 2;
  const code = [10, size + 2, 1, size]; // a code section of one function
  const sample = Buffer.from(`0061736d01000000${Buffer.from(code).toString("hex")}${body}`, "hex");
  if (findUnfitForContracts(sample).length !== 1) fail(`the search misses what ${body} holds`);
}
const found = findUnfitForContracts(bytes);
if (found.length !== 0) fail(`no contract: ${found.slice(0, 5).join(", ")}`);
const compressed = brotliCompressSync(bytes, { params: {
  [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
  [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }).length;
if (compressed > mostCompressed) fail(`${compressed} bytes compressed, more than ${mostCompressed}`);

// RFC 8410: what stands before the 32 bytes of an Ed25519 public key.
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");
let memory;
const take = (at, size) => Buffer.from(memory.buffer, at, size);
const instance = new WebAssembly.Instance(module, {
  host: {
    ed25519_verify(key, message, size, signature) {
      try {
        const publicKey = createPublicKey({
          key: Buffer.concat([spkiPrefix, take(key, 32)]), format: "der", type: "spki",
        });
        return verify(null, take(message, size), publicKey, take(signature, 64)) ? 1 : 0;
      } catch {
        return 0;
      }
    },
  },
});
const judge = instance.exports;
memory = judge.memory;
if (judge._initialize) judge._initialize();
const pages = memory.buffer.byteLength;

let judged = 0;
const started = process.hrtime.bigint();
for (const line of readFileSync(join(folder, "INDEX"), "utf8").trim().split("\n")) {
  const [name, native] = line.split(" ");
  const file = readFileSync(join(folder, name));
  if (file.length > judge.buffer_size()) fail(`${name} is longer than the buffer`);
  new Uint8Array(memory.buffer, judge.buffer(), file.length).set(file);
  const size = judge.judge(file.length);
  const report = Buffer.from(take(judge.report(), size)).toString("hex");
  if (report !== native) fail(`${name}: native ${native}, wasm ${report}`);
  ++judged;
}
if (judged < Number(least)) fail(`only ${judged} evidence files`);
if (memory.buffer.byteLength !== pages) fail("the judge's memory grew");
const ms = Number(process.hrtime.bigint() - started) / 1e6;
console.log(`figure ${basename(folder)}_judged_alike_as_wasm32 ${judged} files`);
console.log(`figure ${basename(folder)}_judge_wasm_brotli ${compressed} bytes`);
console.log(`${judged} evidence files judged alike, ${bytes.length} bytes of wasm (${compressed} with ` +
  `brotli), no float opcode, ${(ms / judged).toFixed(2)} ms a file`);
