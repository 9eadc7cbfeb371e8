// What parties do: events in, actions out, through the network.
#include "assay/crypto/sha256.hpp"
#include "assay/roles/names.hpp"
#include "internal/world.hpp"

namespace assay::sim {

namespace {
constexpr std::uint64_t kValidBlocks = 100'000;
constexpr std::uint64_t kProfileAgainMs = 2'000;
}  // namespace

// A view for one life, whenever there is a new one.
void Simulator::World::poll(Party& party, std::uint64_t life) {
  at(options.poll_ms / 2 + rng.below(options.poll_ms), [this, &party, life] {
    if (party.life != life || party.finished) return;
    if (node && (!party.seen || node->head().height > *party.seen) &&
        !network.loses(party.options.name, kLedgerName)) {
      if (auto view = reader.view(party.account, {}, party.options.plays_for)) {
        party.seen = view->head.height;
        party.last_nonce = std::max(party.last_nonce, view->self.profile.last_nonce);
        send_profile(party, *view);
        deliver(party, life,
                roles::LedgerUpdate{std::make_shared<const protocol::View>(std::move(*view))});
      }
    }
    poll(party, life);
  });
}

void Simulator::World::send_profile(Party& party, const protocol::View& view) {
  const std::string url = "https://" + party.options.name;
  if (party.profile_sent || view.self.profile.url == url) return;
  party.profile_sent = true;
  at(kProfileAgainMs, [&party] { party.profile_sent = false; });
  const Hash256 id = crypto::sha256({as_bytes(url), as_bytes(std::to_string(rng.next()))});
  protocol::ClientId client_id;
  std::copy_n(id.bytes.begin(), client_id.size(), client_id.begin());
  submit(party, {client_id, protocol::RegisterProfile{url, crypto::sha256(as_bytes(url)),
                                                      party.options.capabilities}});
}

void Simulator::World::deliver(Party& party, std::uint64_t life, roles::Event event) {
  at(network.delay_ms(), [this, &party, life, event = std::move(event)] {
    if (party.life != life || !party.role || party.finished) return;
    handle(party, event);
  });
}

// A crash may come before the event, or between any two of the actions that answer it; the power
// may go while the role writes.
void Simulator::World::handle(Party& party, const roles::Event& event) {
  ++report.events;
  if (party.options.crash_before && party.options.crash_before(event))
    return crash(party, rng.below(options.faults.down_ms_max + 1));
  const auto down_ms = outage(party, options.faults.crash, options.faults.down_ms_max);
  if (down_ms) party.disk.cut_power_after(rng.below(12));
  const std::uint64_t life = party.life;
  roles::Actions actions = party.role->on(event, party.clock.local(now_ms));
  std::size_t reached = down_ms ? rng.below(actions.size() + 1) : actions.size();
  if (party.disk.is_powerless()) reached = 0;
  for (std::size_t i = 0; i < reached; ++i) {
    perform(party, std::move(actions[i]));
    if (party.life != life) return;
  }
  if (down_ms) return crash(party, *down_ms);
  plan_tick(party);
}

void Simulator::World::plan_tick(Party& party) {
  const auto wake = party.role->next_deadline();
  if (!wake) return;
  const std::uint64_t due = std::max(party.clock.true_time(*wake), now_ms + 1);
  if (party.tick_ms && *party.tick_ms <= due) return;
  party.tick_ms = due;
  at(due - now_ms, [this, &party, life = party.life, due] {
    if (party.life != life || party.tick_ms != due) return;
    party.tick_ms.reset();
    if (party.role && !party.finished) handle(party, roles::Tick{});
  });
}

void Simulator::World::perform(Party& party, roles::Action action) {
  if (auto* submission = std::get_if<roles::Submit>(&action)) {
    submit(party, std::move(*submission));
  } else if (auto* job = std::get_if<roles::StartJob>(&action)) {
    start_job(party, std::move(*job));
  } else if (auto* wanted = std::get_if<roles::Fetch>(&action)) {
    fetch(party, std::move(*wanted));
  } else if (auto* publish = std::get_if<roles::Publish>(&action)) {
    party.blobs[publish->name] = std::move(publish->bytes);
  } else if (auto* file = std::get_if<roles::PublishFile>(&action)) {
    if (auto bytes = party.files.read(file->file)) party.blobs[file->name] = std::move(*bytes);
  } else if (auto* said = std::get_if<roles::Report>(&action)) {
    note(party.options.name, said->level, said->event, said->fields);
  } else if (auto* finish = std::get_if<roles::Finish>(&action)) {
    party.finished = true;
    note(party.options.name, LogLevel::kInfo, "sim.finished",
         {{"status", finish->status ? "ok" : finish->status.error().message}});
  }
}

void Simulator::World::submit(Party& party, roles::Submit submission) {
  protocol::Envelope envelope;
  envelope.chain = chain;
  envelope.sender = party.account;
  envelope.nonce = ++party.last_nonce;
  envelope.client_id = submission.client_id;
  envelope.valid_until = Height(party.seen.value_or(Height{0}).value + kValidBlocks);
  envelope.payload = std::move(submission.payload);
  const Bytes bytes = protocol::sign_transaction(envelope, party.key);
  const unsigned copies = network.copies();
  for (unsigned i = 0; i < copies; ++i) {
    if (network.loses(party.options.name, kLedgerName)) continue;
    at(network.delay_ms(), [this, &party, life = party.life, bytes, id = envelope.client_id] {
      if (!node) return;
      node->submit(bytes, [this, &party, life, id](const Result<node::TxOutcome>& outcome) {
        if (!outcome || outcome->verdict == protocol::TxVerdict::kApplied ||
            network.loses(party.options.name, kLedgerName))
          return;
        deliver(party, life, roles::TransactionRefused{id, outcome->verdict, outcome->detail});
      });
    });
  }
}

// Computed when it starts, done when its time is over.
void Simulator::World::start_job(Party& party, roles::StartJob job) {
  if (party.jobs[job.job]) return;
  party.jobs[job.job] = true;
  const auto down_ms = outage(party, options.faults.cut_job, options.faults.down_ms_max);
  std::uint64_t polls_left = down_ms ? rng.below(6) : UINT64_MAX;
  if (down_ms) party.disk.cut_power_after(rng.below(40));
  auto outcome = job.body([&] { return polls_left == 0 || polls_left-- == 0; });
  if (down_ms) return crash(party, *down_ms);  // its files are what the job had written by then
  at(1 + rng.below(2 * options.job_ms),
     [this, &party, life = party.life, name = job.job, outcome = std::move(outcome)] {
       if (party.life != life) return;
       party.jobs[name] = false;
       deliver(party, life, roles::JobFinished{name, outcome});
     });
}

void Simulator::World::fetch(Party& party, roles::Fetch fetch) {
  Result<Bytes> result(ErrorCode::kUnavailable, "nobody answers at " + fetch.url);
  for (const auto& [name, other] : parties) {
    if ("https://" + name != fetch.url || !other->role || !other->options.serves_blobs ||
        network.loses(party.options.name, name))
      continue;
    const auto blob = other->blobs.find(fetch.name);
    result = blob == other->blobs.end()
                 ? Result<Bytes>(ErrorCode::kNotFound, "no blob " + fetch.name)
             : blob->second.size() > fetch.bytes_max
                 ? Result<Bytes>(ErrorCode::kLimit, "blob " + fetch.name + " is too long")
                 : Result<Bytes>(blob->second);
    if (result && other->options.garbles && other->options.garbles(party.options.name))
      result = Bytes(100, 7);
  }
  // As roles::Driver does it: kept, and given where nobody answers.
  const std::string kept_as = roles::kept_blob(fetch.name, fetch.from);
  if (result)
    party.blobs[kept_as] = *result;
  else if (const auto kept = party.blobs.find(kept_as); kept != party.blobs.end())
    result = kept->second;
  deliver(party, party.life, roles::FetchFinished{fetch.name, fetch.from, std::move(result)});
}

}  // namespace assay::sim
