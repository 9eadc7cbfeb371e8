"""The judge as machine code wants no floating-point unit, no heap, no exceptions and no library (INV-REF-006).

freestanding_test.py <g++> <root> <source>...: compiles the sources with general-purpose registers alone, links them
into one object and reads from it which symbols it wants and which registers it names. Beforehand the same check must
refuse programs that do what the judge may not.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

# What GCC wants of every environment, freestanding ones included; none of them allocates.
GIVEN = {"memcmp", "memcpy", "memmove", "memset"}
FLAGS = ["-std=c++20", "-O2", "-ffreestanding", "-fno-exceptions", "-fno-rtti", "-mgeneral-regs-only",
         "-ffp-contract=off", "-DASSAY_FREESTANDING", "-Wall", "-Wextra", "-Werror"]
# Registers of x87, SSE and AVX; of AArch64's floating-point and vector unit.
FLOAT_REGISTERS = re.compile(r"%st\b|%[xyz]?mm\d|%k[0-7]\b|\b[vqdshb]\d{1,2}\b")
FORBIDDEN = {
    "a float": "float f(float a, float b) { return a * b; }",
    "a float in memory": "void f(double* a, const long* b) { *a = static_cast<double>(*b) / 3; }",
    "a vector": "typedef int V __attribute__((vector_size(16))); void f(V* a) { asm(\"\" : \"+x\"(*a)); }",
    "an instruction of that unit": """
#ifdef __x86_64__
void f() { asm("mulss %xmm1, %xmm0"); }
#else
void f() { asm(".arch armv8-a+fp\\n fmul s0, s0, s1"); }
#endif""",
    "the heap": "int* f() { return new int; }",
    "malloc": "extern \"C\" void* malloc(unsigned long); void* f() { return malloc(8); }",
    "an exception": "void f() { throw 1; }",
    "a guarded static": "int g(); int f() { static int a = g(); return a; } int g() { return 1; }",
    "the mathematical library": "extern \"C\" long lround(long); long f() { return lround(2); }",
}


def run(*command):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True)


def tool(compiler, name):
    return run(compiler, f"-print-prog-name={name}").stdout.strip()


def faults_of(compiler, root, sources, folder):
    """Why these sources, linked into one object, are not freestanding; empty if they are."""
    objects = []
    for source in sources:
        objects.append(folder / (str(source).replace("/", "_") + ".o"))
        result = run(compiler, *FLAGS, f"-I{root}/include", f"-I{root}/tests", f"-I{(root / source).parent}", "-c",
                     root / source, "-o", objects[-1])
        if result.returncode != 0:
            return [f"{source}: {result.stderr}"]
    linked = folder / "linked.o"
    result = run(compiler, "-r", "-nostdlib", "-o", linked, *objects)
    if result.returncode != 0:
        return [result.stderr]
    symbols = [line.split()[-1] for line in run(tool(compiler, "nm"), "-u", linked).stdout.splitlines()]
    faults = [f"wants {symbol}" for symbol in symbols if symbol not in GIVEN]
    code = run(tool(compiler, "objdump"), "-dr", "--no-show-raw-insn", linked).stdout
    count = 0
    for line in code.splitlines():
        instruction = re.match(r"\s+[0-9a-f]+:\t(.*)", line)
        if instruction is None or "R_" in line:
            continue
        count += 1
        if FLOAT_REGISTERS.search(re.sub(r"\b[0-9a-f]+ <[^>]*>|//.*|#.*", "", instruction[1])):
            faults.append(f"names a floating-point register: {instruction[1]}")
    if count == 0:
        faults.append("no code was read")
    print(f"{count} instructions, wants {' '.join(symbols) or 'nothing'}")
    return faults


def main():
    compiler, root, sources = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    problems = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for what, text in FORBIDDEN.items():
            bad = folder / "forbidden.cpp"
            bad.write_text(text + "\n")
            faults = faults_of(compiler, root, [bad], folder)
            print(f"{what}: {faults[0].splitlines()[0] if faults else 'let through'}")
            if not faults:
                problems.append(f"{what} was let through")
        problems += faults_of(compiler, root, sources, folder)
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


main()
