// simdact's functions as operators of ONNX Runtime: a library for its RegisterCustomOpsLibrary.
//
// The domain is "simdact"; types of nodes are the names of simdact's lists, as they are spelled in C++:
//
//   Gelu(x), LeakyRelu(x), ...             every activation; its parameters are attributes by their names
//   BiasGelu(x, bias), ...                 the same of x + bias, bias along the last axis
//   Softmax(x), LogSoftmax(x), Softmin(x)  with the attribute axis, -1 if there is none
//   Swiglu(gate, up), Geglu(gate, up), ... every gate; its parameters likewise
//
// of float, double, bfloat16 and float16. The attribute fast = 1 chooses the fast tier. Long tensors are
// shared among the threads of the session's pool; the bits are the same.
#include <algorithm>
#include <atomic>
#include <set>
#include <string>
#include <vector>

// The runtime that loads this library hands over its functions; none is linked.
#define ORT_API_MANUAL_INIT
#include <onnxruntime_cxx_api.h>
#undef ORT_API_MANUAL_INIT
#include <simdact/simdact.h>
#include <simdact/softmax_axis.h>

namespace {

constexpr char kDomain[] = "simdact";
// Threads take a tensor in blocks of so many elements: some microseconds of work.
constexpr size_t kBlock = size_t{1} << 14;

size_t BytesOf(simdact_dtype dtype) { return dtype == SIMDACT_F64 ? 8 : dtype == SIMDACT_F32 ? 4 : 2; }

ONNXTensorElementDataType OnnxTypeOf(simdact_dtype dtype) {
  static constexpr ONNXTensorElementDataType kTypes[] = {
      ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE,
      ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16};
  return kTypes[dtype];
}

[[noreturn]] void Fail(const std::string& message) {
  throw Ort::Exception("simdact: " + message, ORT_INVALID_ARGUMENT);
}

// What f throws, as the status that the runtime's C interface wants.
template <class F>
OrtStatusPtr StatusOf(const F& f) {
  try {
    f();
  } catch (const Ort::Exception& e) {
    return Ort::Status(e).release();
  } catch (const std::exception& e) {
    return Ort::Status(e).release();
  }
  return nullptr;
}

// ---- Attributes ------------------------------------------------------------------------------------------

// Whether a call that looks an attribute up has found one of the type that it asks for.
bool Found(OrtStatus* status) {
  const bool found = status == nullptr;
  Ort::GetApi().ReleaseStatus(status);
  return found;
}
bool IsNumber(const OrtKernelInfo* info, const char* name, float& value) {
  return Found(Ort::GetApi().KernelInfoGetAttribute_float(info, name, &value));
}
bool IsInteger(const OrtKernelInfo* info, const char* name, int64_t& value) {
  return Found(Ort::GetApi().KernelInfoGetAttribute_int64(info, name, &value));
}
bool IsText(const OrtKernelInfo* info, const char* name) {
  size_t size = 0;  // of the text, whether or not the call succeeds without a place for it
  return Found(Ort::GetApi().KernelInfoGetAttribute_string(info, name, nullptr, &size)) || size > 0;
}

int64_t IntegerAttribute(const OrtKernelInfo* info, const char* name, int64_t otherwise) {
  int64_t value = otherwise;
  float number = 0;
  if (!IsInteger(info, name, value) && (IsNumber(info, name, number) || IsText(info, name)))
    Fail("attribute " + std::string(name) + " must be an integer");
  return value;
}

// An integer does as well: exporters write alpha = 1 so.
double NumberAttribute(const OrtKernelInfo* info, const char* name, double otherwise) {
  float value = 0;
  int64_t integer = 0;
  if (IsNumber(info, name, value)) return value;
  if (IsInteger(info, name, integer)) return static_cast<double>(integer);
  if (IsText(info, name)) Fail("attribute " + std::string(name) + " must be a number");
  return otherwise;
}

// The runtime lets a node of a library's operator have any attributes, and cannot be asked which. So that
// alpha for negative_slope is no silent mistake, a node is asked for all names that some operator has, here
// or in ONNX, but its own does not.
void RejectOthers(const OrtKernelInfo* info, const std::vector<std::string>& own) {
  static const std::set<std::string> kNames = [] {
    std::set<std::string> names{"axis", "fast", "approximate", "slope", "gamma", "tier"};
    for (int op = 0; op < SIMDACT_OP_COUNT; ++op) {
      const simdact_description& description = *simdact_describe(static_cast<simdact_op>(op));
      names.insert(description.parameter_names, description.parameter_names + description.parameters);
    }
    return names;
  }();
  for (const std::string& name : kNames) {
    float number = 0;
    int64_t integer = 0;
    const bool is_there = IsNumber(info, name.c_str(), number) || IsInteger(info, name.c_str(), integer) ||
                          IsText(info, name.c_str());
    if (is_there && std::find(own.begin(), own.end(), name) == own.end())
      Fail("this operator has no attribute " + name);
  }
}

// The parameters of an activation or a gate, which is what `description` describes.
template <class Description>
simdact_params Parameters(const OrtKernelInfo* info, const Description& description) {
  simdact_params p = description.defaults;
  std::vector<std::string> own{"fast"};
  for (int i = 0; i < description.parameters; ++i) {
    p.value[i] = NumberAttribute(info, description.parameter_names[i], p.value[i]);
    own.push_back(description.parameter_names[i]);
  }
  RejectOthers(info, own);
  return p;
}

simdact_tier Tier(const OrtKernelInfo* info) {
  return IntegerAttribute(info, "fast", 0) != 0 ? SIMDACT_FAST : SIMDACT_ACCURATE;
}

// ---- Tensors ---------------------------------------------------------------------------------------------

// What a kernel is called with: its inputs, its output, of the shape of the first input, and the threads.
class Call {
 public:
  explicit Call(OrtKernelContext* context) : context_(context) {
    const OrtValue* x = Value(0);
    OrtTensorTypeAndShapeInfo* info = nullptr;
    Ort::ThrowOnError(Ort::GetApi().GetTensorTypeAndShape(x, &info));
    const Ort::TensorTypeAndShapeInfo owner(info);
    shape_ = owner.GetShape();
    for (int64_t size : shape_) elements_ *= static_cast<size_t>(size);
  }

  const std::vector<int64_t>& Shape() const { return shape_; }
  size_t Elements() const { return elements_; }
  // The product of the sizes first, first + 1, ..., last - 1.
  size_t Product(size_t first, size_t last) const {
    size_t product = 1;
    for (; first < last; ++first) product *= static_cast<size_t>(shape_[first]);
    return product;
  }

  const char* Input(size_t index) const {
    void* data = nullptr;
    Ort::ThrowOnError(Ort::GetApi().GetTensorMutableData(const_cast<OrtValue*>(Value(index)), &data));
    return static_cast<const char*>(data);
  }
  std::vector<int64_t> ShapeOf(size_t index) const {
    return Ort::ConstValue(Value(index)).GetTensorTypeAndShapeInfo().GetShape();
  }
  char* Output() const {
    OrtValue* y = nullptr;
    Ort::ThrowOnError(Ort::GetApi().KernelContext_GetOutput(context_, 0, shape_.data(), shape_.size(), &y));
    void* data = nullptr;
    Ort::ThrowOnError(Ort::GetApi().GetTensorMutableData(y, &data));
    return static_cast<char*>(data);
  }

  // f(first, count) for pieces of 0, 1, ..., total - 1, each of so many items as make up a block.
  template <class F>
  void InBlocks(size_t total, size_t elements_each, const F& f) const {
    const size_t per_block = std::max(size_t{1}, kBlock / std::max(size_t{1}, elements_each));
    if (total <= per_block) return f(0, total);
    struct Work {
      const F& f;
      size_t total, per_block;
    } work{f, total, per_block};
    const auto run = [](void* data, size_t block) {
      const Work& w = *static_cast<Work*>(data);
      const size_t first = block * w.per_block;
      w.f(first, std::min(w.per_block, w.total - first));
    };
    Ort::ThrowOnError(Ort::GetApi().KernelContext_ParallelFor(context_, run,
                                                              (total + per_block - 1) / per_block, 0, &work));
  }

 private:
  const OrtValue* Value(size_t index) const {
    const OrtValue* value = nullptr;
    Ort::ThrowOnError(Ort::GetApi().KernelContext_GetInput(context_, index, &value));
    return value;
  }
  OrtKernelContext* context_;
  std::vector<int64_t> shape_;
  size_t elements_ = 1;
};

// ---- The four shapes of operators ------------------------------------------------------------------------

// y = f(x)
class Activation {
 public:
  static constexpr size_t kInputs = 1;
  Activation(const OrtKernelInfo* info, int op, simdact_dtype dtype)
      : size_(BytesOf(dtype)),
        kernel_(simdact_find_default(static_cast<simdact_op>(op), dtype, Tier(info))),
        p_(Parameters(info, *simdact_describe(static_cast<simdact_op>(op)))) {}

  void Compute(const Call& call) const {
    const char* x = call.Input(0);
    char* y = call.Output();
    call.InBlocks(call.Elements(), 1, [&](size_t first, size_t n) {
      kernel_->forward(x + first * size_, y + first * size_, n, p_);
    });
  }

 private:
  size_t size_;
  const simdact_kernel* kernel_;
  simdact_params p_;
};

// y = f(x + bias), bias along the last axis.
class Bias {
 public:
  static constexpr size_t kInputs = 2;
  Bias(const OrtKernelInfo* info, int op, simdact_dtype dtype)
      : op_(static_cast<simdact_op>(op)),
        dtype_(dtype),
        tier_(Tier(info)),
        p_(Parameters(info, *simdact_describe(op_))) {}

  void Compute(const Call& call) const {
    const std::vector<int64_t>& shape = call.Shape();
    if (shape.empty() || call.ShapeOf(1) != std::vector<int64_t>{shape.back()})
      Fail("the bias must have one axis, as long as the input's last");
    const size_t cols = static_cast<size_t>(shape.back()), rows = call.Product(0, shape.size() - 1);
    const char *x = call.Input(0), *bias = call.Input(1);
    char* y = call.Output();
    std::atomic<int> status{SIMDACT_OK};
    call.InBlocks(rows, cols, [&](size_t first, size_t n) {
      const size_t offset = first * cols * BytesOf(dtype_);
      const simdact_status s = simdact_bias(op_, dtype_, tier_, x + offset, bias, y + offset, n, cols, p_);
      if (s != SIMDACT_OK) status = s;
    });
    if (status != SIMDACT_OK) Fail(simdact_status_text(static_cast<simdact_status>(status.load())));
  }

 private:
  simdact_op op_;
  simdact_dtype dtype_;
  simdact_tier tier_;
  simdact_params p_;
};

// y = softmax(x) along an axis, and its kin.
class Softmax {
 public:
  static constexpr size_t kInputs = 1;
  Softmax(const OrtKernelInfo* info, int op, simdact_dtype dtype)
      : size_(BytesOf(dtype)),
        kernel_(
            simdact_find_softmax_axis(simdact_target_default(), static_cast<simdact_softmax_op>(op), dtype)),
        axis_(IntegerAttribute(info, "axis", -1)) {
    options_.tier = Tier(info);
    RejectOthers(info, {"axis", "fast"});
  }

  void Compute(const Call& call) const {
    const int64_t axes = static_cast<int64_t>(call.Shape().size());
    if (axis_ < -axes || axis_ >= axes)
      Fail("axis is " + std::to_string(axis_) + ", and the input has " + std::to_string(axes) + " axes");
    const size_t axis = static_cast<size_t>(axis_ < 0 ? axis_ + axes : axis_);
    const size_t outer = call.Product(0, axis), length = call.Product(axis, axis + 1);
    const size_t inner = call.Product(axis + 1, call.Shape().size());
    const char* x = call.Input(0);
    char* y = call.Output();
    if (call.Elements() == 0) return;
    std::atomic<int> status{SIMDACT_OK};
    call.InBlocks(outer, length * inner, [&](size_t first, size_t n) {
      const size_t offset = first * length * inner * size_;
      const simdact_status s = kernel_->forward(x + offset, y + offset, n, length, inner, &options_);
      if (s != SIMDACT_OK) status = s;
    });
    if (status != SIMDACT_OK) Fail(simdact_status_text(static_cast<simdact_status>(status.load())));
  }

 private:
  size_t size_;
  const simdact_softmax_axis_kernel* kernel_;
  int64_t axis_;
  simdact_softmax_axis_options options_{};
};

// y = f(gate) up
class Gate {
 public:
  static constexpr size_t kInputs = 2;
  Gate(const OrtKernelInfo* info, int gate, simdact_dtype dtype)
      : size_(BytesOf(dtype)),
        kernel_(simdact_find_gate_default(static_cast<simdact_gate>(gate), dtype, Tier(info))),
        p_(Parameters(info, *simdact_describe_gate(static_cast<simdact_gate>(gate)))) {}

  void Compute(const Call& call) const {
    if (call.ShapeOf(1) != call.Shape()) Fail("gate and up must have the same shape");
    const char *gate = call.Input(0), *up = call.Input(1);
    char* y = call.Output();
    call.InBlocks(call.Elements(), 1, [&](size_t first, size_t n) {
      kernel_->forward(gate + first * size_, up + first * size_, y + first * size_, n, p_);
    });
  }

 private:
  size_t size_;
  const simdact_gate_kernel* kernel_;
  simdact_params p_;
};

// ---- What the runtime is told ----------------------------------------------------------------------------

// One of the shapes above as the runtime sees it: a kernel for each node.
template <class Shape>
struct Kernel : Shape {
  using Shape::Shape;
  OrtStatusPtr ComputeV2(OrtKernelContext* context) const {
    return StatusOf([&] { this->Compute(Call(context)); });
  }
};

// An operator: a name, the function's number in its list, and the type of all tensors.
template <class Shape>
class Op : public Ort::CustomOpBase<Op<Shape>, Kernel<Shape>, true> {
 public:
  Op(const char* name, int number, simdact_dtype dtype) : name_(name), number_(number), dtype_(dtype) {
    // The output may lie where the first input does.
    this->GetMayInplace = [](int** input, int** output) {
      *input = new int[1]{0};
      *output = new int[1]{0};
      return size_t{1};
    };
    this->ReleaseMayInplace = [](int* input, int* output) {
      delete[] input;
      delete[] output;
    };
    // The output's type and shape are the first input's. (CustomOpBase has a hook for the shape, which would
    // have to name the type as well; the runtime asks the operator of one type on behalf of all.)
    this->InferOutputShapeFn = [](const OrtCustomOp*, OrtShapeInferContext* context) -> OrtStatusPtr {
      OrtTensorTypeAndShapeInfo* info = nullptr;  // the context's
      OrtStatusPtr status = Ort::GetApi().ShapeInferContext_GetInputTypeShape(context, 0, &info);
      return status != nullptr ? status
                               : Ort::GetApi().ShapeInferContext_SetOutputTypeShape(context, 0, info);
    };
  }

  const char* GetName() const { return name_; }
  size_t GetInputTypeCount() const { return Shape::kInputs; }
  ONNXTensorElementDataType GetInputType(size_t) const { return OnnxTypeOf(dtype_); }
  size_t GetOutputTypeCount() const { return 1; }
  ONNXTensorElementDataType GetOutputType(size_t) const { return OnnxTypeOf(dtype_); }
  OrtStatusPtr CreateKernelV2(const OrtApi&, const OrtKernelInfo* info, void** kernel) const {
    return StatusOf([&] { *kernel = new Kernel<Shape>(info, number_, dtype_); });
  }

 private:
  const char* name_;
  int number_;
  simdact_dtype dtype_;
};

// Every function of the lists, in one format.
void AddOps(Ort::CustomOpDomain& domain, simdact_dtype dtype) {
#define SIMDACT_X(Name, name, number, ...)              \
  domain.Add(new Op<Activation>(#Name, number, dtype)); \
  domain.Add(new Op<Bias>("Bias" #Name, number, dtype));
  SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
#define SIMDACT_X(Name, name, ...) domain.Add(new Op<Softmax>(#Name, SIMDACT_SOFTMAX_OP_##name, dtype));
  SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
#define SIMDACT_X(Name, name, number, ...) domain.Add(new Op<Gate>(#Name, number, dtype));
  SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
}

// The operators are never deleted: sessions may need them until the process ends.
const Ort::CustomOpDomain& Domain() {
  static const auto* const domain = [] {
    auto* made = new Ort::CustomOpDomain(kDomain);
    for (simdact_dtype dtype : {SIMDACT_F32, SIMDACT_F64, SIMDACT_BF16, SIMDACT_F16}) {
      // A library of fewer formats lacks the others' kernels.
      if (simdact_find_default(SIMDACT_OP_relu, dtype, SIMDACT_ACCURATE) != nullptr) AddOps(*made, dtype);
    }
    return made;
  }();
  return *domain;
}

}  // namespace

// What the runtime looks for.
#ifdef _WIN32
#define SIMDACT_ORT_EXPORT __declspec(dllexport)
#else
#define SIMDACT_ORT_EXPORT __attribute__((visibility("default")))
#endif
extern "C" SIMDACT_ORT_EXPORT OrtStatus* RegisterCustomOps(OrtSessionOptions* options,
                                                           const OrtApiBase* base) {
  const OrtApi* api = base->GetApi(ORT_API_VERSION);
  if (api == nullptr)
    return base->GetApi(1)->CreateStatus(ORT_FAIL, "simdact was built for a newer ONNX Runtime");
  Ort::InitApi(api);
  return StatusOf([&] { Ort::ThrowOnError(api->AddCustomOpDomain(options, Domain())); });
}
