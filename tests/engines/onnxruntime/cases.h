// The activations that ONNX Runtime has as well: its operator, simdact's, and the exact function.
#ifndef SIMDACT_TESTS_ENGINES_ONNXRUNTIME_CASES_H_
#define SIMDACT_TESTS_ENGINES_ONNXRUNTIME_CASES_H_

#include <simdact/simdact.h>

#include <vector>

#include "common/exact.h"
#include "session.h"

struct Case {
  simdact_op op;
  const char* type;  // of simdact's node; its attributes are the defaults
  Node runtime;
  long double (*exact)(long double);

  Node Simdact(simdact_tier tier) const { return {type, "simdact", {OnnxInt("fast", tier)}}; }
  // Ulps that simdact allows itself; the fast tier's are of normal results alone.
  double Claim(simdact_tier tier) const {
    const int fma = simdact_target_has_fma(simdact_target_default());
    const auto claim = tier == SIMDACT_FAST ? simdact_fast_claim : simdact_claim;
    return claim(op, SIMDACT_F32, SIMDACT_FORWARD, fma);
  }
};

// QuickGelu is x sigmoid(alpha x). The defaults of Elu, Selu, and Softplus are those of simdact;
// HardSigmoid's are not, and so HardSigmoid is not here.
inline const std::vector<Case>& Cases() {
  static const std::vector<Case> cases{
      {SIMDACT_OP_sigmoid, "Sigmoid", {"Sigmoid", "", {}}, exact::Sigmoid},
      {SIMDACT_OP_silu, "Silu", {"QuickGelu", "com.microsoft", {OnnxFloat("alpha", 1)}}, exact::Silu},
      {SIMDACT_OP_gelu_quick, "GeluQuick", {"QuickGelu", "com.microsoft", {}}, exact::GeluQuick},
      {SIMDACT_OP_gelu, "Gelu", {"Gelu", "", {}}, exact::Gelu},
      {SIMDACT_OP_gelu_tanh, "GeluTanh", {"Gelu", "", {OnnxString("approximate", "tanh")}}, exact::GeluTanh},
      {SIMDACT_OP_mish, "Mish", {"Mish", "", {}}, exact::Mish},
      {SIMDACT_OP_softplus, "Softplus", {"Softplus", "", {}}, exact::Softplus},
      {SIMDACT_OP_tanh, "Tanh", {"Tanh", "", {}}, exact::Tanh},
      {SIMDACT_OP_erf, "Erf", {"Erf", "", {}}, exact::Erf},
      {SIMDACT_OP_exp, "Exp", {"Exp", "", {}}, exact::Exp},
      {SIMDACT_OP_elu, "Elu", {"Elu", "", {}}, exact::Elu},
      {SIMDACT_OP_selu, "Selu", {"Selu", "", {}}, exact::Selu},
      {SIMDACT_OP_softsign, "Softsign", {"Softsign", "", {}}, exact::Softsign},
      {SIMDACT_OP_hardswish, "Hardswish", {"HardSwish", "", {}}, exact::Hardswish},
      {SIMDACT_OP_relu, "Relu", {"Relu", "", {}}, exact::Relu},
  };
  return cases;
}

#endif  // SIMDACT_TESTS_ENGINES_ONNXRUNTIME_CASES_H_
