#include "hub/hub.h"

#include <algorithm>

#include "hub/impl/fetch.h"
#include "hub/names.h"

namespace docmind::hub {
namespace {

constexpr int kMaxRedirects = 5;
constexpr std::uint64_t kSteadyBytes = 1U << 20U;
constexpr Duration kLongestPause = std::chrono::seconds(30);

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// The hub's own word on a file counts more than that of the machine it sends us to, and the last answer's more than
// that of one on the way.
void add(Told& all, const Told& more) {
  if (!all.linked && !more.etag.empty()) {
    all.etag = more.etag;
    all.linked = more.linked;
  }
  if (all.commit.empty()) all.commit = more.commit;
  if (!all.size) all.size = more.size;
}

}  // namespace

Error refusal(int status, const std::string& what, const std::string& site) {
  switch (status) {
    case 401:
    case 403:
      return {Code::kUnauthorized, site + " does not give " + what + " to everybody.",
              "Download it with an account of yours and use docmind models import, or check the name."};
    case 404:
      return {Code::kNotFound, site + " has no " + what + ".", "Check the names and the revision."};
    case 408:
    case 504:
      return {Code::kDeadlineExceeded, site + " took too long to answer.", "Try again later."};
    case 429:
      return {Code::kRateLimited, site + " asks for fewer requests.", "Try again later."};
    default:
      if (status >= 500)
        return {Code::kUnavailable, site + " answered " + std::to_string(status) + ".", "Try again later."};
      return {Code::kDataLoss, site + " answered " + std::to_string(status) + ".", "Check that it is a hub's address."};
  }
}

Result<Hub> Hub::open(HubOptions options, const HubDeps& deps) {
  options.endpoint = DM_TRY(net::web_address(options.endpoint));
  if (options.endpoint.find_first_of("?#") != std::string::npos) {
    return Error{Code::kInvalidArgument, "A hub's address has no ? and no #.", "Write it as https://HOST."};
  }
  while (options.endpoint.ends_with('/')) options.endpoint.pop_back();
  options.attempts = std::max(1U, options.attempts);
  return Hub(std::move(options), deps);
}

net::WebOptions Hub::web_options(const FetchOptions& options) const {
  return {.deadline = options.deadline, .stop = options.stop, .idle = options_.idle};
}

std::string Hub::url_of(const RemoteFile& file) const {
  return options_.endpoint + "/" + net::percent_encode(file.repository, net::Slash::kKeep) + "/resolve/" +
         net::percent_encode(file.revision) + "/" + net::percent_encode(file.path, net::Slash::kKeep);
}

Result<net::Response> Hub::reach(net::WebRequest request, const net::WebOptions& options, Told& told) {
  net::WebOptions hop = options;
  hop.on_head = [&](const net::Response& head) -> Result<> {
    add(told, DM_TRY(told_by(head)));
    if (options.on_head) return options.on_head(head);
    return {};
  };
  request.headers.set("Accept-Encoding", "identity");
  request.headers.set("User-Agent", "docmind/" DOCMIND_VERSION);
  for (int redirects = 0; redirects <= kMaxRedirects; ++redirects) {
    net::Response reply = DM_TRY(deps_.web.send(request, hop));
    if (!is_redirect(reply.status)) return reply;
    add(told, DM_TRY(told_by(reply)));
    if (request.method == "HEAD" && told.linked && told.size) return net::Response{};  // All that was asked.
    request.url = DM_TRY(net::resolve(request.url, reply.headers.find("Location").value_or("")));
  }
  return Error{Code::kDataLoss, net::site_of(request.url) + " redirects too often.", "Check the address."};
}

Result<> Hub::retry(const FetchOptions& options, const std::function<Result<>()>& once,
                    const std::function<std::uint64_t()>& bytes) {
  Duration pause = options_.first_pause;
  for (std::uint32_t failures = 0;;) {
    const std::uint64_t before = bytes();
    Result<> done = once();
    if (done || !retryable(done.error().code) || options.deadline.expired()) return done;
    if (bytes() >= before + kSteadyBytes) {
      failures = 0;
      pause = options_.first_pause;
    }
    if (++failures >= options_.attempts) return done;
    if (options.on_retry) options.on_retry(done.error(), pause);
    DM_TRY(deps_.pause(pause, options.stop));
    pause = std::min(2 * pause, kLongestPause);
  }
}

Result<Listing> Hub::list_once(const std::string& url, const FetchOptions& options) {
  net::WebOptions web = web_options(options);
  web.max_body = kMaxListing;
  Told told;
  const net::Response reply = DM_TRY(reach({.url = url}, web, told));
  if (reply.status != 200) return refusal(reply.status, "such repository or revision", net::site_of(url));
  return parse_listing(reply.body);
}

Result<Listing> Hub::list(const std::string& repository, const std::string& revision, const FetchOptions& options) {
  DM_TRY(check_repository(repository));
  DM_TRY(check_revision(revision));
  const std::string url = options_.endpoint + "/api/models/" + net::percent_encode(repository, net::Slash::kKeep) +
                          "/revision/" + net::percent_encode(revision);
  Listing listing;
  const auto once = [&]() -> Result<> {
    listing = DM_TRY(list_once(url, options));
    return {};
  };
  DM_TRY(retry(options, once, [] { return std::uint64_t{0}; }));
  return listing;
}

Result<FileFacts> Hub::ask_facts(const RemoteFile& file, const FetchOptions& options) {
  Told told;
  const std::string url = url_of(file);
  const net::Response reply = DM_TRY(reach({.method = "HEAD", .url = url}, web_options(options), told));
  if (reply.status != 200) return refusal(reply.status, file.path + " in " + file.repository, net::site_of(url));
  if (told.etag.empty() || !told.size) {
    return Error{Code::kDataLoss,
                 net::site_of(url) + " does not say which version or size of " + file.path + " it has.",
                 "Check that the address is a hub's, or download the file by hand."};
  }
  if (is_commit(file.revision) && !told.commit.empty() && told.commit != file.revision) {
    return Error{Code::kDataLoss, net::site_of(url) + " offers another commit than was asked for.", "Try again."};
  }
  return FileFacts{.etag = told.etag, .commit = told.commit, .size = *told.size};
}

Result<FileFacts> Hub::fetch(const RemoteFile& file, const std::filesystem::path& target, const FetchOptions& options) {
  DM_TRY(check_repository(file.repository));
  DM_TRY(check_revision(file.revision));
  DM_TRY(check_file(file.path));
  const auto part = DM_TRY(sys::PartFile::open(target.string() + ".part"));
  Fetch fetch(file, target, options, *part, deps_.files);
  const auto once = [&]() -> Result<> {
    if (DM_TRY(fetch.prepare(DM_TRY(ask_facts(file, options)))) == Fetch::Next::kNothing) return {};
    if (fetch.missing()) {
      net::WebOptions web = web_options(options);
      web.max_body = kMaxFileBytes;
      Told told;
      web.on_head = [&](const net::Response& head) { return fetch.begin(head, told); };
      web.on_data = [&](std::string_view bytes) { return fetch.take(bytes); };
      const std::string url = url_of(file);
      const net::Response reply = DM_TRY(reach({.url = url, .headers = fetch.headers()}, web, told));
      DM_TRY(fetch.end(reply.status, net::site_of(url)));
    }
    return fetch.finish();
  };
  const Result<> done = retry(options, once, [&] { return part->size(); });
  if (done) return fetch.facts();
  fetch.leave();
  return fetch.explain(done.error());
}

}  // namespace docmind::hub
