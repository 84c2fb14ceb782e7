// The keys by which others may use a server: what each may do, and until when.
//
// A key is 256 random bits behind "dmk_", shown once, when it is made. Kept is one SHA-256 of it: slow hashes are for
// passwords that people think of, 256 random bits cannot be guessed. Hashes are compared in constant time, each with
// all. A key that is revoked is forgotten, at once.
//
// Thread safety: every method from any thread; find() never waits for the disk. Bounds: 256 keys, names 128 bytes.
// Errors: kDataLoss for a file that is none of ours; whoever opens it must not go on without. Format:
// docs/formats/data-directory.md.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/scope.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/rng.h"
#include "base/thread_annotations.h"
#include "sys/files.h"

namespace docmind::access {

struct Key {
  std::string id{};    // Of its hash, for people to name it by: 8 hexadecimal digits.
  std::string name{};  // May be empty.
  std::vector<Scope> scopes{};
  std::int64_t made_ms = 0;  // UTC.
  std::optional<std::int64_t> expires_ms{};

  bool covers(Scope scope) const;
};

struct NewKey {
  Key key{};
  std::string secret{};  // The key itself: nobody can tell it again.
};

class Keys {
 public:
  struct Deps {
    sys::Files& files;
    const Clock& clock;
    Rng& rng;  // Fit for secrets.
  };

  // A file that is not there holds none.
  static Result<std::unique_ptr<Keys>> open(std::filesystem::path path, const Deps& deps);

  // On the disk when it returns, as of revoke(). kInvalidArgument without a scope, for a name that cannot be shown in
  // one line, and for an end that has passed; kResourceExhausted for one too many.
  Result<NewKey> add(std::string name, std::vector<Scope> scopes, std::optional<std::int64_t> expires_ms);
  Result<Key> revoke(std::string_view id);  // kNotFound

  std::vector<Key> list() const;  // The oldest first, those that have expired too.
  // The key with this secret, unless it has expired.
  std::optional<Key> find(std::string_view secret) const;
  bool any_usable() const;

 private:
  struct Kept {
    Key key{};
    std::string hash{};  // 64 hexadecimal digits.
  };
  Keys(std::filesystem::path path, const Deps& deps) : path_(std::move(path)), deps_(deps) {}

  Result<> read();
  Result<> write(std::vector<Kept> kept);  // To the disk, then in force.
  std::vector<Kept> kept() const;
  bool expired(const Key& key) const;
  std::string new_secret();

  const std::filesystem::path path_;
  const Deps deps_;
  Mutex writing_;  // Of the file; before the other.
  mutable Mutex mutex_;
  std::vector<Kept> kept_ DM_GUARDED_BY(mutex_);
};

}  // namespace docmind::access
