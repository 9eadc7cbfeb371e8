// Walks every instruction of a wasm module's code section and names those that touch f32 or f64
// (WebAssembly Core Specification 1.0, section 5.4, with the sign-extension and bulk-memory
// operators). An opcode that it does not know is reported too, so nothing is passed over.

export function findFloatingPoint(bytes) {
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
    if (op === 0xfc) {
      const sub = leb();
      if (sub <= 7) found.push(`truncation 0xfc ${sub}`);
      else if (sub === 8 || sub === 10) leb(), leb();
      else if (sub === 9 || sub === 11) leb();
      else found.push(`unknown 0xfc ${sub}`);
      return;
    }
    const plain = op <= 0x01 || op === 0x05 || op === 0x0b || op === 0x0f || op === 0x1a ||
      op === 0x1b || (op >= 0x45 && op <= 0xc4);
    if (!plain) found.push(`unknown opcode 0x${op.toString(16)} at ${at - 1}`);
  };

  while (at < bytes.length && found.length < 100) {
    const section = u8();
    const end = leb() + at;
    if (section !== 10) {
      at = end;
      continue;
    }
    for (let functions = leb(); functions > 0; --functions) {
      const bodyEnd = leb() + at;
      for (let groups = leb(); groups > 0; --groups) {
        leb();
        const type = u8();
        if (type === 0x7d || type === 0x7c) found.push(`local of type 0x${type.toString(16)}`);
      }
      while (at < bodyEnd && found.length < 100) {
        const op = u8();
        if (isFloatOpcode(op)) found.push(`opcode 0x${op.toString(16)} at ${at - 1}`);
        skipImmediates(op);
      }
      at = bodyEnd;
    }
  }
  return found;
}
