// The model files of a data directory for whoever serves it: what the commands about models do, for /api/models.
//
// Thread safety: every method from any thread; several may use the folder at once (model/model_folder.h).
#pragma once
#include <functional>

#include "app/layout.h"
#include "base/clock.h"
#include "config/settings.h"
#include "server/model_files.h"

namespace docmind::app {

struct OwnModelFilesDeps {  // All outlive it.
  const Layout& layout;
  const Clock& clock;
  const config::Settings& in_force;             // Since the start,
  std::function<config::Settings()> written;    // and as the next start would find them.
  std::function<std::uint64_t()> engines_hold;  // Main memory that our engines would give back if they ended.
};

class OwnModelFiles final : public server::ModelFiles {
 public:
  explicit OwnModelFiles(OwnModelFilesDeps deps) : deps_(std::move(deps)) {}

  Result<boost::json::array> list() override;
  Result<boost::json::object> plan(const boost::json::object& asked, Deadline deadline, std::stop_token stop) override;
  Result<server::JobWork> pull(const boost::json::object& asked) override;
  Result<server::JobWork> import(const boost::json::object& asked) override;
  Result<> remove(const std::string& name) override;

 private:
  OwnModelFilesDeps deps_;
};

}  // namespace docmind::app
