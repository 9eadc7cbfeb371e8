// assayd's sub-commands `certificate issue` and `certificate renew`.
#pragma once

#include "assay/cli/options.hpp"

class CertificateCommands {
 public:
  // Must outlive the program's run().
  explicit CertificateCommands(assay::cli::Command& root);
  CertificateCommands(const CertificateCommands&) = delete;
  CertificateCommands& operator=(const CertificateCommands&) = delete;

 private:
  [[nodiscard]] assay::Status issue() const;
  [[nodiscard]] assay::Status renew() const;

  std::string m_home = "assay-node";
  std::string m_out;
  std::string m_name;
  std::vector<std::string> m_hosts;
};
