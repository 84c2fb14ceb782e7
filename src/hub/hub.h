// A model hub that a person named: what a repository holds, and its files, fetched over bad lines.
//
// A file arrives as TARGET.part with TARGET.note beside it (which file it is: tag and size) and gets its name when it
// is whole and, if the server tells its SHA-256, has that. Whatever ends a fetch, the next one goes on behind what is
// there, unless the file has changed at the hub meanwhile: then it starts again. Before every attempt the hub is asked
// what the file is, and every answer is held to that. Redirects: at most 5, never from https to http.
// Not thread-safe. Errors: kNotFound, kUnauthorized, kUnavailable, kDeadlineExceeded, kRateLimited (after some
// attempts), kDataLoss (checksum, sizes; a part that cannot become right is deleted), kResourceExhausted (disk),
// kConflict (another process fetches it), kCancelled, kInvalidArgument (names).
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "hub/answers.h"
#include "net/web.h"
#include "sys/files.h"

namespace docmind::hub {

struct HubOptions {
  std::string endpoint{};                          // "https://HOST", or with a path.
  Duration idle = std::chrono::seconds(30);        // A connection that gives nothing for so long is given up.
  std::uint32_t attempts = 5;                      // In a row without a mebibyte between them.
  Duration first_pause = std::chrono::seconds(1);  // Before the second attempt; doubles, at most half a minute.
};

struct HubDeps {  // All outlive the hub.
  net::Web& web;
  sys::Files& files;
  std::function<Result<>(Duration, std::stop_token)> pause;  // kCancelled on a stop.
};

struct RemoteFile {
  std::string repository;  // OWNER/NAME
  std::string revision;    // A branch, a tag or a commit.
  std::string path;        // In the repository.
};

enum class Checksum : std::uint8_t { kIfTold, kRequired };

struct FetchOptions {
  Checksum checksum = Checksum::kRequired;
  std::function<void(std::uint64_t done, std::uint64_t total)> progress{};  // Bytes.
  std::function<void(const Error& why, Duration pause)> on_retry{};
  Deadline deadline{};
  std::stop_token stop{};
};

class Hub {
 public:
  static Result<Hub> open(HubOptions options, const HubDeps& deps);

  Result<Listing> list(const std::string& repository, const std::string& revision, const FetchOptions& options);
  // To `target`, whose folder is there. A target that is this very file already is left alone.
  Result<FileFacts> fetch(const RemoteFile& file, const std::filesystem::path& target, const FetchOptions& options);

 private:
  Hub(HubOptions options, const HubDeps& deps) : options_(std::move(options)), deps_(deps) {}

  // One request, along its redirects. `told` is what all answers on the way said, before on_head hears of the last.
  Result<net::Response> reach(net::WebRequest request, const net::WebOptions& options, Told& told);
  Result<Listing> list_once(const std::string& url, const FetchOptions& options);
  Result<FileFacts> ask_facts(const RemoteFile& file, const FetchOptions& options);
  Result<> retry(const FetchOptions& options, const std::function<Result<>()>& once,
                 const std::function<std::uint64_t()>& bytes);
  std::string url_of(const RemoteFile& file) const;
  net::WebOptions web_options(const FetchOptions& options) const;
  class Fetch;

  HubOptions options_;
  HubDeps deps_;
};

}  // namespace docmind::hub
