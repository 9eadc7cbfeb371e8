#include "internal/engine.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "assay/core/contract.hpp"
#include "internal/packing.hpp"

namespace assay::exec {
namespace {

using numerics::OpCode;

// Waking another thread takes some microseconds.
constexpr double kWorthSharing = 30'000;  // nanoseconds
constexpr double kWorthARange = 10'000;

// One element everywhere: what is filled already is copied behind itself, twice as much each time.
void fill(std::uint8_t* to, const std::uint8_t* element, std::size_t size, std::size_t bytes) {
  std::memcpy(to, element, size);
  for (std::size_t done = size; done < bytes; done *= 2)
    std::memcpy(to + done, to, std::min(done, bytes - done));
}

}  // namespace

LocalMemory::LocalMemory(std::size_t bytes, unsigned threads)
    : m_piece(bytes), m_buffer(bytes * threads), m_taken(threads) {}

LocalMemory::Lease::Lease(LocalMemory& memory) : m_memory(memory) {
  // A pool runs no more bodies at a time than it has threads.
  while (memory.m_taken[m_index].exchange(true, std::memory_order_acquire)) {
    m_index = (m_index + 1) % memory.m_taken.size();
  }
  m_data = memory.m_buffer.data() + m_index * memory.m_piece;
}

LocalMemory::Lease::~Lease() { m_memory.m_taken[m_index].store(false, std::memory_order_release); }

std::unique_ptr<Prepared> prepare(std::span<const graph::Node> nodes,
                                  std::span<const std::uint32_t> slot_nodes,
                                  const ExecutorOptions& options, const TaskPool& pool) {
  auto prepared = std::make_unique<Prepared>();
  Prepared& p = *prepared;
  const bool fuse = options.fuse && options.isa != numerics::Isa::kReference;
  p.flow = make_flow(nodes, slot_nodes, fuse);
  p.graph.make_units(fuse);
  if (fuse) {
    p.graph.recompute();
    p.graph.attach_to_products();
    p.graph.make_late_copies({options.late_copy_bytes, options.late_copy_share});
  }
  p.plan = plan_slots(p.flow, p.graph, fuse);
  if (fuse) {
    p.schedule = p.graph.schedule();
    plan_packing(p.flow, p.graph, p.schedule, options.isa, p.plan);
  } else {  // as traces see it
    p.schedule.resize(p.graph.unit_count());
    std::iota(p.schedule.begin(), p.schedule.end(), 0U);
  }
  plan_arena(p.flow, p.graph, p.schedule, p.plan);
  for (const std::uint32_t u : p.schedule) {
    const Unit& unit = p.graph.unit(u);
    p.program_of.push_back(kNone);
    if (unit.kernel != kNone) {
      p.scratch_bytes = std::max(
          p.scratch_bytes, numerics::scratch_bytes(options.isa, p.flow.nodes[unit.kernel].spec,
                                                   pool.thread_count()));
    }
    if (!unit.is_region()) continue;
    p.program_of.back() = static_cast<std::uint32_t>(p.programs.size());
    p.programs.emplace_back(p.flow, p.graph, unit, options.isa);
    p.local_bytes = std::max(p.local_bytes, p.programs.back().local_bytes());
  }
  p.local_bytes = aligned(p.local_bytes);
  p.memory = {p.plan.arena_bytes,
              p.plan.arena_bytes_min,
              p.plan.fixed_bytes,
              p.scratch_bytes + p.local_bytes * pool.thread_count(),
              0,
              0};
  for (std::size_t slot = 0; slot < slot_nodes.size(); ++slot) {
    const std::uint64_t bytes = nodes[slot_nodes[slot]].spec.output.byte_count();
    p.memory.state += bytes;
    if (p.plan.slots[slot] == SlotUpdate::kSecond) p.memory.next_state += bytes;
  }
  return prepared;
}

Engine::Engine(std::unique_ptr<Prepared> prepared, const ExecutorOptions& options, TaskPool& pool)
    : m_p(std::move(prepared)),
      m_fuses(options.fuse),
      m_isa(options.isa),
      m_pool(pool),
      m_nanoseconds(options.nanoseconds),
      m_fixed(m_p->plan.fixed_bytes),
      m_arena(m_p->plan.arena_bytes),
      m_scratch(m_p->scratch_bytes),
      m_local(m_p->local_bytes, pool.thread_count()),
      m_at(m_p->flow.nodes.size()),
      m_times(m_p->schedule.size()) {
  for (std::uint32_t i = 0; i < m_at.size(); ++i) {
    const Place& place = m_p->plan.places[i];
    switch (place.region) {
      case Region::kFixed: m_at[i] = m_fixed.data() + place.offset; break;
      case Region::kArena: m_at[i] = m_arena.data() + place.offset; break;
      case Region::kState:
      case Region::kNext: m_patches.push_back({i, place.index, place.region}); break;
      case Region::kData:
      case Region::kLocal: break;
    }
    const OpCode op = m_p->flow.nodes[i].spec.op;
    if (op == OpCode::kStepIndex) m_t_nodes.push_back(i);
    if (op == OpCode::kSeed) m_seed_nodes.push_back(i);
  }
  compute_fixed();
}

// Constants never change: they are made here, not in every step.
void Engine::compute_fixed() {
  const numerics::FloatingPointMode mode;
  for (std::uint32_t i = 0; i < m_at.size(); ++i) {
    numerics::NodeSpec spec = m_p->flow.nodes[i].spec;
    if (spec.op != OpCode::kConstant && spec.op != OpCode::kIota) continue;
    // Elements that only regions read are one.
    if (spec.op == OpCode::kConstant && m_p->plan.constant_is_one[i]) spec.output.shape = {};
    numerics::run(m_isa, spec, {}, m_at[i], {m_scratch.data(), m_scratch.size()}, m_pool);
  }
}

void Engine::bind_data(std::span<const std::uint8_t* const> data) {
  for (std::uint32_t i = 0; i < m_at.size(); ++i) {
    const Place& place = m_p->plan.places[i];
    if (place.region != Region::kData) continue;
    // Data is read only: no node writes to a source's memory.
    m_at[i] = const_cast<std::uint8_t*>(data[place.index]);
  }
}

void Engine::bind_step(std::uint64_t t, std::uint64_t seed,
                       std::span<const std::uint8_t* const> state,
                       std::span<std::uint8_t* const> next) {
  for (const Patch& patch : m_patches) {
    m_at[patch.node] = patch.region == Region::kNext ? next[patch.slot]
                                                     : const_cast<std::uint8_t*>(state[patch.slot]);
  }
  for (const std::uint32_t i : m_t_nodes) std::memcpy(m_at[i], &t, sizeof t);
  for (const std::uint32_t i : m_seed_nodes) std::memcpy(m_at[i], &seed, sizeof seed);
}

void Engine::copy_slots(std::span<std::uint8_t* const> next) {
  for (const SlotCopy& copy : m_p->plan.copies) {
    const TensorType& type = m_p->flow.nodes[copy.node].spec.output;
    if (m_p->plan.constant_is_one[copy.node]) {
      fill(next[copy.slot], m_at[copy.node], size_of(type.dtype), type.byte_count());
    } else {
      std::memcpy(next[copy.slot], m_at[copy.node], type.byte_count());
    }
  }
}

void Engine::run(std::uint64_t t, std::uint64_t seed, std::span<const std::uint8_t* const> state,
                 std::span<std::uint8_t* const> next) {
  const numerics::FloatingPointMode mode;
  bind_step(t, seed, state, next);
  auto packed = m_p->plan.packed.begin();
  for (std::uint32_t place = 0; place < m_p->schedule.size(); ++place) {
    const std::uint64_t start = m_nanoseconds ? m_nanoseconds() : 0;
    for (; packed != m_p->plan.packed.end() && packed->first == place; ++packed) pack(*packed);
    run_place(place);
    if (!m_nanoseconds) continue;
    ++m_times[place].runs;
    m_times[place].nanoseconds += m_nanoseconds() - start;
  }
  copy_slots(next);
}

void Engine::trace(std::uint32_t last, std::uint64_t t, std::uint64_t seed,
                   std::span<const std::uint8_t* const> state, std::span<std::uint8_t* const> next,
                   const OnOutput& on_node) {
  ASSAY_EXPECTS(!m_fuses);
  const numerics::FloatingPointMode mode;
  bind_step(t, seed, state, next);
  for (std::uint32_t i = 0; i <= last; ++i) {
    if (m_p->flow.runs[i]) run_kernel(i, nullptr);
    if (on_node) on_node(i, m_at[i]);
  }
  if (last + 1 == m_at.size()) copy_slots(next);
}

void Engine::run_place(std::uint32_t place) {
  const Unit& unit = m_p->graph.unit(m_p->schedule[place]);
  const std::uint32_t program = m_p->program_of[place];
  if (unit.kernel != kNone) {
    run_kernel(unit.kernel, program == kNone ? nullptr : &m_p->programs[program]);
  } else {
    run_region(m_p->programs[program]);
  }
}

const float* Engine::product_operand(std::uint32_t product, unsigned k) const {
  const ProductViews& views = m_p->flow.views[product];
  return reinterpret_cast<const float*>(m_at[m_p->flow.nodes[product].inputs[k]]) +
         (k == 0 ? views.a_offset : views.b_offset);
}

void Engine::pack(const PackedOperand& packed) {
  const auto& layout = m_p->flow.views[packed.reader].b;
  numerics::pack_b(m_isa, m_p->flow.nodes[packed.reader].spec, layout ? &*layout : nullptr,
                   product_operand(packed.reader, 1), m_arena.data() + packed.offset, m_pool);
}

void Engine::run_kernel(std::uint32_t i, const TileProgram* program) {
  const graph::Node& node = m_p->flow.nodes[i];
  const std::span<std::uint8_t> scratch{m_scratch.data(), m_scratch.size()};
  if (!numerics::is_product(node.spec.op)) {
    std::array<const void*, numerics::kMaxOperands> operands{};
    for (unsigned k = 0; k < node.spec.operand_count; ++k) operands[k] = m_at[node.inputs[k]];
    numerics::run(m_isa, node.spec,
                  std::span<const void* const>(operands.data(), node.spec.operand_count), m_at[i],
                  scratch, m_pool);
    return;
  }
  const ProductViews& views = m_p->flow.views[i];
  numerics::ProductOptions options;
  options.a = views.a ? &*views.a : nullptr;
  options.b = views.b ? &*views.b : nullptr;
  options.output = views.output ? &*views.output : nullptr;
  struct Context {
    Engine& engine;
    const TileProgram& program;
    std::uint64_t factor;  // rows of the region to a row of the product
  };
  std::optional<Context> context;
  if (program != nullptr) {
    const std::uint64_t columns = node.spec.output.shape[node.spec.output.shape.rank - 1U];
    context.emplace(Context{*this, *program, columns / program->columns()});
    options.on_rows.context = &*context;
    options.on_rows.call = [](void* at, std::size_t first, std::size_t last) {
      const auto& c = *static_cast<const Context*>(at);
      c.engine.run_rows(c.program, first * c.factor, last * c.factor);
    };
  }
  if (!m_p->plan.packed.empty() && m_p->plan.packed_of[i] != kNone)
    options.packed_b = m_arena.data() + m_p->plan.packed[m_p->plan.packed_of[i]].offset;
  numerics::run_product(m_isa, node.spec, product_operand(i, 0), product_operand(i, 1), m_at[i],
                        scratch, m_pool, options);
}

void Engine::run_rows(const TileProgram& program, std::uint64_t first, std::uint64_t last) {
  const LocalMemory::Lease local(m_local);
  program.run(m_at, local.data(), first, last);
}

void Engine::run_region(const TileProgram& program) {
  const double work = program.row_nanoseconds() * static_cast<double>(program.rows());
  if (m_pool.thread_count() == 1 || work < kWorthSharing)
    return run_rows(program, 0, program.rows());
  const auto grain = static_cast<std::uint64_t>(kWorthARange / program.row_nanoseconds()) + 1;
  const std::uint64_t tile = program.tile_rows();
  m_pool.run(program.rows(), (grain + tile - 1) / tile * tile,
             [&](std::size_t first, std::size_t last) {
               const numerics::FloatingPointMode mode;
               run_rows(program, first, last);
             });
}

std::vector<UnitTime> Engine::times() const {
  std::vector<UnitTime> times;
  for (std::uint32_t place = 0; place < m_times.size(); ++place) {
    if (m_times[place].runs == 0) continue;
    const Unit& unit = m_p->graph.unit(m_p->schedule[place]);
    UnitTime time;
    time.runs = m_times[place].runs;
    time.nanoseconds = m_times[place].nanoseconds;
    if (unit.kernel != kNone) {
      time.kernel = m_p->flow.nodes[unit.kernel].spec.op;
      time.first_node = m_p->flow.position[unit.kernel];
      time.stored_bytes = m_p->flow.nodes[unit.kernel].spec.output.byte_count();
    }
    for (const std::uint32_t member : unit.members) {
      time.members += time.members.empty() ? "" : " ";
      time.members += numerics::name_of(m_p->flow.nodes[member].spec.op);
      if (m_p->graph.is_stored(member)) {
        time.members += "*";
        time.stored_bytes += m_p->flow.nodes[member].spec.output.byte_count();
      }
      if (unit.kernel == kNone && time.members.find(' ') == std::string::npos)
        time.first_node = m_p->flow.position[member];
    }
    times.push_back(std::move(time));
  }
  return times;
}

}  // namespace assay::exec
