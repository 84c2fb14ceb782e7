// A product in this process with settings like the user's, in a temporary data directory: for what is measured of it.
//
// Of the data directory in force the models alone are read. Thread safety: one thread at a time; its requests may come
// from several.
#pragma once
#include <boost/json/value.hpp>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "app/holder.h"
#include "app/layout.h"
#include "base/clock.h"
#include "base/result.h"
#include "cli/commands.h"
#include "config/load.h"
#include "net/client.h"
#include "obs/log.h"
#include "sys/environment.h"
#include "validate/product.h"

namespace docmind::app {

inline constexpr auto kTrialPatience = std::chrono::seconds(60);  // With a program that is started.

struct TrialContext {
  const Layout& layout;
  const config::Loaded& loaded;
  const sys::Environment& environment;
  const Clock& clock;
  net::Client& client;
  obs::Log& log;
  const cli::Surroundings& here;
  std::stop_token stop;
};

// A folder of our own that goes with this, at Ctrl-C too.
class Scratch {
 public:
  static Result<Scratch> make(const sys::Environment& environment);
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch();
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit Scratch(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

// The documents of validate/ships.h.
Result<> write_ships(const std::filesystem::path& folder);

class Trial {
 public:
  // `more`: settings beside the user's, which hold but for those that reach beyond the folder or start a model.
  static Result<std::unique_ptr<Trial>> open(const TrialContext& context, const std::filesystem::path& data,
                                             std::vector<config::Flag> more = {});
  ~Trial();
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  validate::Product product() const;
  double started() const { return started_; }  // Seconds that its start took.
  boost::json::value declared() const;         // What GET /api/settings should be.

 private:
  explicit Trial(const TrialContext& context) : context_(context) {}

  const TrialContext& context_;
  config::Sources sources_{};
  config::Loaded loaded_{};
  Layout layout_{};
  const sys::Environment environment_{};
  std::unique_ptr<Holder> holder_;
  double started_ = 0;
};

}  // namespace docmind::app
