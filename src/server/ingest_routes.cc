// The two routes that read documents: paths of this machine, and uploads. Both answer with one summary, or, when the
// client accepts text/event-stream, with a "job" event, "progress" events and then one "summary" or one "error". Either
// is a job while it lasts.
#include <boost/json.hpp>

#include "base/json.h"
#include "net/multipart.h"
#include "net/sse.h"
#include "server/impl/call.h"
#include "server/json_read.h"
#include "server/json_write.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxFileName = 255;

// Runs some work that reports progress, and answers with what came out of it.
class Reporting {
 public:
  using Work = std::function<Result<service::Summary>(const service::OnProgress&, const std::stop_token& stop)>;

  Reporting(Jobs& jobs, std::string what, const net::Request& request, net::ResponseWriter& out)
      : job_(jobs, std::move(what), out.stop()), out_(out), streams_(wants_events(request)) {}

  Result<Answered> run(const Work& work) {
    if (!streams_) {
      const service::Summary summary =
          DM_TRY(finished(work([this](const service::Progress& one) { job_.tell(one); }, job_.stop())));
      return ok(to_json(summary));
    }
    DM_TRY(begin_events(out_));
    event("job", to_text(json::object{{"job", job_.id()}}));
    const service::OnProgress tell = [this](const service::Progress& one) {
      job_.tell(one);
      event("progress", to_text(to_json(one)));
    };
    const Result<service::Summary> summary = finished(work(tell, job_.stop()));
    if (summary) {
      event("summary", to_text(to_json(*summary)));
    } else {
      event("error", net::error_body(summary.error()));
    }
    (void)out_.end();
    return Answered();
  }

 private:
  static Result<service::Summary> finished(Result<service::Summary> summary) {
    if (!summary || !summary->cancelled) return summary;
    return Error{Code::kCancelled, "the ingest was stopped", "Run it again: what is done stays done."};
  }

  // A client that has gone is noticed through the stop token, not here.
  void event(std::string_view name, const std::string& data) { (void)out_.write(net::sse_text(name, data)); }

  Jobs::Job job_;
  net::ResponseWriter& out_;
  const bool streams_;
};

std::string in_words(std::string_view first, std::size_t count, std::string_view kind) {
  return count == 1 ? std::string(first) : std::to_string(count) + " " + std::string(kind);
}

void add(service::Summary& sum, service::Summary one) {
  sum.documents += one.documents;
  sum.added += one.added;
  sum.updated += one.updated;
  sum.unchanged += one.unchanged;
  sum.failed.insert(sum.failed.end(), one.failed.begin(), one.failed.end());
  sum.chunks += one.chunks;
  sum.embedded += one.embedded;
  sum.seconds += one.seconds;
  sum.cancelled = sum.cancelled || one.cancelled;
}

// The name alone: some browsers send a path with it, and no path of the sender's machine means anything here.
Result<std::string> last_part(std::string name) {
  name.erase(0, name.find_last_of("/\\") + 1);
  if (name.empty() || name == "." || name == ".." || name.size() > kMaxFileName ||
      name.find_first_of(std::string_view("\0\r\n", 3)) != std::string::npos) {
    return Error{Code::kInvalidArgument, "an uploaded file has no usable name", "Give it a name of 1 to 255 bytes."};
  }
  return name;
}

struct Upload {
  std::string name;
  std::string_view bytes;
};

Result<std::vector<Upload>> uploads_in(const net::Request& request) {
  const std::string_view type = request.headers.find("Content-Type").value_or("");
  if (net::media_type(type) != "multipart/form-data") {
    return Error{Code::kInvalidArgument, "an upload must be multipart/form-data",
                 "curl -F file=@report.pdf, for example."};
  }
  std::vector<Upload> uploads;
  for (const net::FormPart& part : DM_TRY(net::parse_multipart(type, request.body))) {
    if (part.file_name) uploads.push_back({DM_TRY(last_part(*part.file_name)), part.bytes});
  }
  if (uploads.empty()) {
    return Error{Code::kInvalidArgument, "the upload contains no file", "Send the file in a field named file."};
  }
  return uploads;
}

}  // namespace

std::optional<net::Response> Routes::path_refused(const Call& call, std::string hint) const {
  if (call.request.peer != net::Peer::kTcp || options_.paths_over_tcp == PathsOverTcp::kAllowed) return {};
  return net::error_response(403,
                             {Code::kUnauthorized, "this address takes no paths of its own machine", std::move(hint)});
}

Routes::Reply Routes::ingest(const Call& call) {
  if (auto refused = path_refused(call, "Upload the documents to /api/documents, or run docmind ingest there.")) {
    return Answered(std::move(refused));
  }
  const std::vector<std::string> paths = DM_TRY(read_paths(call.body));
  return Reporting(jobs_, in_words(paths.front(), paths.size(), "paths"), call.request, call.out)
      .run([&](const service::OnProgress& progress, const std::stop_token& stop) {
        return service_.ingest(paths, progress, Deadline::never(), stop);
      });
}

Routes::Reply Routes::upload(const Call& call) {
  const std::vector<Upload> uploads = DM_TRY(uploads_in(call.request));
  return Reporting(jobs_, in_words(uploads.front().name, uploads.size(), "files"), call.request, call.out)
      .run([&](const service::OnProgress& progress, const std::stop_token& stop) -> Result<service::Summary> {
        service::Summary sum;
        for (const Upload& one : uploads) {
          add(sum, DM_TRY(service_.upload(one.name, std::string(one.bytes), progress, Deadline::never(), stop)));
          if (sum.cancelled) break;
        }
        return sum;
      });
}

}  // namespace docmind::server
