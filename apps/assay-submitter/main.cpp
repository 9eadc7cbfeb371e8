// Posts training tasks, serves their programs and data, and collects the models.
#include <algorithm>

#include "assay/cli/role_program.hpp"
#include "assay/cli/task_settings.hpp"
#include "assay/roles/submitter.hpp"

namespace {

using namespace assay;

// "3b6a...,9f01...".
Result<std::vector<AccountId>> accounts_of(const std::string& list) {
  std::vector<AccountId> accounts;
  for (std::size_t from = 0; from <= list.size();) {
    const std::size_t to = std::min(list.find(',', from), list.size());
    auto account = hash_from_hex(list.substr(from, to - from));
    if (!account) return with_context(account.error(), "--solver");
    accounts.emplace_back(*account);
    from = to + 1;
  }
  if (accounts.size() > protocol::kMaxListed)
    return Error{ErrorCode::kInvalidArgument, "--solver names too many accounts"};
  return accounts;
}

Status run(const cli::RoleSettings& role, const cli::TaskSettings& settings,
           const std::vector<std::string>& solvers, const std::string& label) {
  return cli::run_role(
      role, [&](const roles::RoleContext& context) -> Result<std::unique_ptr<roles::Role>> {
        ASSAY_TRY(const cli::PreparedTask prepared, cli::prepare_task(settings, context.pool));
        ASSAY_TRY(protocol::PostTask terms, cli::make_terms(settings, *prepared.task));
        roles::SubmitterOptions options;
        options.accuracy = prepared.accuracy;
        if (solvers.empty()) options.postings.push_back({label, prepared.task, terms});
        for (std::size_t i = 0; i < solvers.size(); ++i) {
          ASSAY_TRY(terms.allow, accounts_of(solvers[i]));
          options.postings.push_back({label + "-" + std::to_string(i + 1), prepared.task, terms});
        }
        return roles::make_submitter(context, std::move(options));
      });
}

}  // namespace

int main(int argc, char** argv) {
  using namespace assay;
  cli::Program program("assay-submitter",
                       "Pay for a model to be trained: post the task, collect the result");
  cli::RoleSettings role;
  cli::TaskSettings task;
  std::vector<std::string> solvers;
  std::string label = "model";
  cli::add_role_options(program.root(), role);
  cli::add_task_options(program.root(), task);
  program.root()
      .option(
          "solver", solvers,
          "account that may take the task, or several, with commas; repeated: one task for each")
      .option("label", label, "names the posting and the saved model; a new label posts anew")
      .examples(
          "  assay-submitter --home submitter --ledger https://127.0.0.1:8645 --model cnn\n"
          "  assay-submitter --config submitter.toml --solver 3b6a... --solver 9f01...\n"
          "  assay-submitter --auction --price 80 --bid-window-s 600 --require avx512\n"
          "The model is saved as HOME/data/models/LABEL.safetensors.")
      .action([&] { return run(role, task, solvers, label); });
  return program.run(argc, argv);
}
