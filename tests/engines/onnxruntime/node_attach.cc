// For Node: once this module is loaded, every session of onnxruntime-node knows simdact's operators.
//
//   require('onnxruntime-node');
//   require('./simdact_ort.node');
//
// The binding has no option for a library of operators (1.30 knows no registerCustomOpsLibrary). But it makes
// its sessions through the runtime's table of C functions, as everybody does, so this module puts its own two
// in the place of those that make sessions: they register simdact_ort.so, which lies beside this file, and go
// on to the runtime's. Everything here is of the C interfaces of Node and of ONNX Runtime; neither is linked.
#include <dlfcn.h>
#include <onnxruntime_c_api.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

namespace {

// The runtime's functions, and the two that are replaced.
const OrtApi* api = nullptr;
decltype(OrtApi::CreateSession) create_session = nullptr;
decltype(OrtApi::CreateSessionFromArray) create_session_from_array = nullptr;

// The operators' library: simdact_ort.so in the folder of this one.
const std::string& OpsLibrary() {
  static const std::string path = [] {
    Dl_info self{};
    dladdr(reinterpret_cast<void*>(&OpsLibrary), &self);
    const std::string file = self.dli_fname;
    return file.substr(0, file.rfind('/') + 1) + "simdact_ort.so";
  }();
  return path;
}

// create(options) with a copy of the options that has the operators.
template <class Create>
OrtStatus* WithOps(const OrtSessionOptions* options, const Create& create) {
  OrtSessionOptions* copy = nullptr;
  OrtStatus* status = api->CloneSessionOptions(options, &copy);
  if (status != nullptr) return status;
  status = api->RegisterCustomOpsLibrary_V2(copy, OpsLibrary().c_str());
  if (status == nullptr) status = create(copy);
  api->ReleaseSessionOptions(copy);
  return status;
}

OrtStatus* ORT_API_CALL CreateSession(const OrtEnv* env, const ORTCHAR_T* path,
                                      const OrtSessionOptions* options, OrtSession** session) noexcept {
  return WithOps(options,
                 [&](const OrtSessionOptions* all) { return create_session(env, path, all, session); });
}

OrtStatus* ORT_API_CALL CreateSessionFromArray(const OrtEnv* env, const void* model, size_t bytes,
                                               const OrtSessionOptions* options,
                                               OrtSession** session) noexcept {
  return WithOps(options, [&](const OrtSessionOptions* all) {
    return create_session_from_array(env, model, bytes, all, session);
  });
}

// Writes an entry of the table, which is read-only at other times. False if the system does not let it.
template <class Function>
bool Replace(Function& entry, Function by) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const auto address = reinterpret_cast<size_t>(&entry);
  void* start = reinterpret_cast<void*>(address / page * page);
  const size_t bytes = address + sizeof(entry) - address / page * page;
  if (mprotect(start, bytes, PROT_READ | PROT_WRITE) != 0) return false;
  entry = by;
  return mprotect(start, bytes, PROT_READ) == 0;
}

// False if no runtime is loaded, or it is older than the headers.
bool Attach() {
  void* runtime = dlopen("libonnxruntime.so.1", RTLD_NOW | RTLD_NOLOAD);
  if (runtime == nullptr) return false;
  const auto base = reinterpret_cast<const OrtApiBase* (*)()>(dlsym(runtime, "OrtGetApiBase"));
  api = base == nullptr ? nullptr : base()->GetApi(ORT_API_VERSION);
  if (api == nullptr) return false;
  create_session = api->CreateSession;
  create_session_from_array = api->CreateSessionFromArray;
  OrtApi& table = *const_cast<OrtApi*>(api);
  return Replace(table.CreateSession, &CreateSession) &&
         Replace(table.CreateSessionFromArray, &CreateSessionFromArray);
}

}  // namespace

// Node-API, as far as it is needed.
extern "C" {
struct napi_env_;
struct napi_value_;
int napi_throw_error(napi_env_* env, const char* code, const char* message);

__attribute__((visibility("default"))) napi_value_* napi_register_module_v1(napi_env_* env,
                                                                            napi_value_* exports) {
  static const bool attached = Attach();  // once per process, which may have many threads of Node's
  if (!attached) napi_throw_error(env, nullptr, "simdact: load onnxruntime-node first, 1.21 or newer");
  return exports;
}
}
