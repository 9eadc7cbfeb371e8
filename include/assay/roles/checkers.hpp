// Those who check: verifiers replay the intervals that the beacon draws for them, whistleblowers
// the others. Whoever finds a difference challenges it and plays the game to its end.
#pragma once

#include "assay/roles/role.hpp"

namespace assay::roles {

struct VerifierOptions {
  std::size_t seats_max = 64;  // claims under way at a time
};

// Enlists on claims, replays its draws, seals and opens; challenges what does not match, and stands
// up for its attestations. Reports: claim.enlisted, replay.interval, verifier.sealed,
// verifier.attested, claim.disputed, game.position, challenge.ended.
[[nodiscard]] std::unique_ptr<Role> make_verifier(RoleContext context, VerifierOptions options);

struct WhistleblowerOptions {
  bool also_drawn = false;  // replay what verifiers were drawn for too
};

// Replays all intervals of every claim that no verifier was drawn for. Reports: replay.interval,
// claim.checked, claim.disputed, game.position, challenge.ended.
[[nodiscard]] std::unique_ptr<Role> make_whistleblower(RoleContext context,
                                                       WhistleblowerOptions options);

}  // namespace assay::roles
