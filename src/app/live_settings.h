// The settings of a docmind that serves: shown, changed and read again while it runs. What takes effect at once is
// handed to the parts of the product; the rest waits for the next start, and is shown as waiting.
//
// Thread safety: every method from any thread; changes one after the other. A change that is refused changes nothing.
#pragma once
#include <boost/json/object.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "access/keys.h"
#include "app/layout.h"
#include "base/thread_annotations.h"
#include "config/change.h"
#include "config/load.h"
#include "net/http.h"
#include "obs/log.h"
#include "sys/files.h"

namespace docmind::app {

// What every command refuses of settings that are each in order, without opening anything.
Result<> check_settings(const config::Settings& settings);

struct LiveSettingsDeps {  // All outlive it.
  const config::Sources& sources;
  const config::Loaded& started;
  const Layout& layout;
  const std::unique_ptr<access::Keys>& keys;  // There before the first change.
  sys::Files& files;
  const obs::Log& log;
};

class LiveSettings {
 public:
  // Puts settings in force; is called by one thread at a time, under the lock of all changes.
  using Apply = std::function<void(const config::Settings& in_force, std::uint64_t generation)>;

  LiveSettings(const LiveSettingsDeps& deps, Apply apply)
      : deps_(deps), apply_(std::move(apply)), now_(deps.started), stamp_(config::stamp_of(deps.sources, deps.files)) {}

  // The settings as settings_object() has them.
  std::string object() const;

  // As they are written: what the next start would find.
  config::Settings written() const;

  // {"changes":{"key":value},"check":bool}: the settings then, or an error's object with the key that is to blame. The
  // fields are checked by who calls.
  net::Response change(const boost::json::object& body);

  // Reads all sources again. What it fails with is logged and shown, and the settings stay as they were.
  Result<> reload();

  // The same if a file has changed since they were read; for somebody who looks from time to time. Nothing is done, and
  // nothing said, where the values are those that are known.
  void look();

 private:
  Result<> usable(const config::Settings& settings) const;
  Result<> reachable(const config::Settings::Server& server) const;
  Result<config::Loaded> read_again() DM_REQUIRES(mutex_);
  void put_in_force(config::Loaded loaded) DM_REQUIRES(mutex_);
  std::string shown() const DM_REQUIRES(mutex_);

  LiveSettingsDeps deps_;
  Apply apply_;
  mutable Mutex mutex_;
  config::Loaded now_ DM_GUARDED_BY(mutex_);            // As they are written.
  std::string stamp_ DM_GUARDED_BY(mutex_);             // Of the files, as they were last read.
  std::uint64_t generation_ DM_GUARDED_BY(mutex_) = 1;  // Higher whenever others are in force.
  std::optional<Error> trouble_ DM_GUARDED_BY(mutex_);  // Why the files are not in force as they are.
};

}  // namespace docmind::app
