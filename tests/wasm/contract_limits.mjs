// What keeps a wasm module from being taken as a contract. Walks every instruction of its code
// section and names those that touch f32 or f64, and whatever WebAssembly 1.0 (the MVP; Core
// Specification 1.0, section 5.4) does not have; names functions of too many locals.

export const mostLocals = 100; // of a function, besides its parameters

export function findUnfitForContracts(bytes) {
  let at = 8;
  const found = [];
  const u8 = () => bytes[at++];
  const leb = () => {
    let value = 0n, shift = 0n, byte;
    do {
      byte = u8();
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
    } while (byte & 0x80);
    return Number(value);
  };

  const isFloatOpcode = (op) =>
    op === 0x2a || op === 0x2b || op === 0x38 || op === 0x39 || // loads and stores
    op === 0x43 || op === 0x44 || // constants
    (op >= 0x5b && op <= 0x66) || (op >= 0x8b && op <= 0xa6) || // comparisons, arithmetic
    (op >= 0xa8 && op <= 0xab) || (op >= 0xae && op <= 0xb1) || // truncations
    (op >= 0xb2 && op <= 0xbf); // conversions, reinterpretations

  const skipImmediates = (op) => {
    if (op === 0x02 || op === 0x03 || op === 0x04) return void leb(); // block types
    if (op === 0x0c || op === 0x0d || op === 0x10) return void leb();
    if (op === 0x0e) {
      for (let n = leb() + 1; n > 0; --n) leb();
      return;
    }
    if (op === 0x11) return leb(), void leb();
    if (op >= 0x20 && op <= 0x24) return void leb();
    if (op >= 0x28 && op <= 0x3e) return leb(), void leb();
    if (op === 0x3f || op === 0x40) return void u8();
    if (op === 0x41 || op === 0x42) return void leb();
    if (op === 0x43) return void (at += 4);
    if (op === 0x44) return void (at += 8);
    const plain = op <= 0x01 || op === 0x05 || op === 0x0b || op === 0x0f || op === 0x1a ||
      op === 0x1b || (op >= 0x45 && op <= 0xbf);
    // Its immediates are unknown: nothing behind it can be read.
    if (!plain) throw new Error(`opcode 0x${op.toString(16)} at ${at - 1} is not of WebAssembly 1.0`);
  };

  const readFunction = (index) => {
    const end = leb() + at;
    let locals = 0;
    for (let groups = leb(); groups > 0; --groups) {
      locals += leb();
      const type = u8();
      if (type === 0x7d || type === 0x7c) found.push(`local of type 0x${type.toString(16)}`);
    }
    if (locals > mostLocals) found.push(`${locals} locals in function ${index}`);
    while (at < end) {
      const op = u8();
      if (isFloatOpcode(op)) found.push(`opcode 0x${op.toString(16)} at ${at - 1}`);
      skipImmediates(op);
    }
  };

  try {
    while (at < bytes.length) {
      const section = u8();
      const end = leb() + at;
      if (section === 10) {
        const functions = leb();
        for (let index = 0; index < functions; ++index) readFunction(index);
      } else if (section === 12) {
        found.push("a data count section, which is not of WebAssembly 1.0");
      }
      at = end;
    }
  } catch (error) {
    found.push(error.message);
  }
  return found;
}
