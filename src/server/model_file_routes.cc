// /api/models: the model files of this machine, whether one fits, and the jobs that bring one.
#include <boost/json.hpp>

#include "base/json.h"
#include "base/json_members.h"
#include "server/impl/call.h"
#include "server/routes.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

bool is_path(std::string_view model) { return model.find('/') != std::string_view::npos || model.ends_with(".gguf"); }

}  // namespace

Result<ModelFiles*> Routes::model_files() const {
  if (options_.model_files.files != nullptr) return options_.model_files.files;
  return Error{Code::kNotFound, "there are no model files here",
               "docmind models list shows those of a data directory."};
}

Routes::Reply Routes::model_file_list(const Call&) {
  return ok(json::object{{"models", DM_TRY(DM_TRY(model_files())->list())}});
}

Routes::Reply Routes::plan_model(const Call& call) {
  ModelFiles* files = DM_TRY(model_files());
  if (is_path(json_text(json_member(call.body, "model")))) {
    if (auto refused = path_refused(call, "Name a model of /api/models/files.")) return Answered(std::move(refused));
  }
  return ok(DM_TRY(files->plan(call.body, call.deadline, call.stop)));
}

Routes::Reply Routes::pull_model(const Call& call) {
  JobWork work = DM_TRY(DM_TRY(model_files())->pull(call.body));
  return started("pull", call, std::move(work));
}

Routes::Reply Routes::import_model(const Call& call) {
  ModelFiles* files = DM_TRY(model_files());
  if (auto refused = path_refused(call, "Run docmind models import there.")) return Answered(std::move(refused));
  return started("import", call, DM_TRY(files->import(call.body)));
}

Routes::Reply Routes::started(std::string kind, const Call& call, JobWork work) {
  const json::object job = DM_TRY(options_.model_files.jobs->start(std::move(kind), call.body, std::move(work)));
  return Answered(net::json_response(202, to_text(job)));
}

Routes::Reply Routes::model_jobs(const Call&) {
  DM_TRY(model_files());
  return ok(json::object{{"jobs", options_.model_files.jobs->all()}});
}

Routes::Reply Routes::stop_model_job(const Call& call) {
  DM_TRY(model_files());
  return ok(DM_TRY(options_.model_files.jobs->stop(call.id)));
}

Routes::Reply Routes::remove_model_file(const Call& call) {
  DM_TRY(DM_TRY(model_files())->remove(call.id));
  return ok(json::object{{"removed", call.id}});
}

}  // namespace docmind::server
