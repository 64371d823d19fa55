// The `simdact` command: what is compiled in, what it computes, and how far it is off.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "tools/command/commands.h"
#include "tools/command/names.h"

namespace simdact_command {
namespace {

int Main(int argc, char** argv) {
  CLI::App app{"simdact: activation functions with proven error bounds"};
  app.require_subcommand(1);
  app.set_version_flag("--version", simdact_version());
  int status = 0;
  bool as_json = false;
  EvalOptions eval_options;
  AccuracyOptions accuracy_options;
  ProveOptions prove_options;
  HashOptions hash_options;
  CurvesOptions curves_options;
  TableOptions table_options;

  CLI::App* targets =
      app.add_subcommand("targets", "which targets are compiled in, which run here, which is the default");
  targets->add_flag("--json", as_json, "print JSON");
  targets->callback([&] { status = Targets(as_json); });

  CLI::App* list = app.add_subcommand("list", "every activation: formula, parameters, claimed bounds");
  list->add_flag("--json", as_json, "print JSON");
  list->callback([&] {
    status = List(as_json);
    if (!as_json) ListGates(), ListShapes();
  });

  CLI::App* eval = app.add_subcommand("eval", "evaluate: value, exact value, error in ulps");
  eval->add_option("op", eval_options.op,
                   "activation, gate, softmax, log_sum_exp, cross_entropy, gated or quantize")
      ->required();
  eval->add_option("x", eval_options.inputs,
                   "inputs: decimal, hex float, inf, nan; gates: GATE,UP; softmax: one row")
      ->required();
  eval->add_option("--dtype", eval_options.dtype, "f32 (default), f64, bf16 or f16");
  eval->add_option("--target", eval_options.target, "default: the best, or $SIMDACT_TARGET");
  eval->add_option("--tier", eval_options.tier, "accurate (default), fast or exact");
  eval->add_flag("--backward", eval_options.backward, "the derivative");
  eval->add_flag("--from-output", eval_options.from_output, "the derivative, inputs are outputs y = f(x)");
  eval->add_option("-p", eval_options.parameters, "NAME=VALUE of a parameter")->allow_extra_args(false);
  eval->add_option("--bias", eval_options.bias, "the op of x + bias");
  eval->add_option("--scale", eval_options.scale, "the op of x scale + bias");
  eval->add_option("--residual", eval_options.residual, "the op of x + residual");
  eval->add_option("--op", eval_options.of, "gated, quantize: the activation; default: silu, linear");
  eval->add_option("--format", eval_options.format, "quantize: s8 (default), u8, e4m3 or e5m2");
  eval->callback([&] {
    status = IsSoftmax(eval_options.op) ? EvalSoftmax(eval_options)
             : IsGate(eval_options.op)  ? EvalGate(eval_options)
             : IsShape(eval_options.op) ? EvalShape(eval_options)
                                        : Eval(eval_options);
  });

  CLI::App* accuracy = app.add_subcommand("accuracy", "the largest errors, against the claims");
  accuracy->add_option("ops", accuracy_options.ops, "activations; default: all");
  accuracy->add_option("--dtype", accuracy_options.dtype,
                       "f32 (default), f64, bf16, f16, several with commas, or all");
  accuracy->add_option("--direction", accuracy_options.direction,
                       "forward, backward, from_output, several with commas; default: all");
  accuracy->add_option("--target", accuracy_options.target,
                       "one target, or several with commas; default: all that run");
  accuracy->add_option("--tier", accuracy_options.tier, "accurate (default), fast or exact");
  accuracy->add_flag("--exhaustive", accuracy_options.exhaustive,
                     "f32: all finite inputs instead of a sample (16-bit types: always all)");
  accuracy->add_option("--inputs", accuracy_options.f64_inputs,
                       "f64: how many inputs, such as 1e8; default: 3e6");
  accuracy->add_option("--json", accuracy_options.file, "write the rows to FILE");
  accuracy->callback([&] {
    const std::string first = accuracy_options.ops.empty() ? "" : accuracy_options.ops[0];
    status = IsSoftmax(first) ? AccuracyOfSoftmax(accuracy_options)
             : IsGate(first)  ? AccuracyOfGates(accuracy_options)
                              : Accuracy(accuracy_options);
  });

  CLI::App* prove =
      app.add_subcommand("prove", "all inputs of f32 and of the 16-bit formats, and their record");
  prove->add_option("ops", prove_options.ops, "activations; default: all");
  prove->add_option("--dtype", prove_options.dtype,
                    "f32 (default), f64, bf16, f16, several with commas, or all");
  prove->add_option("--direction", prove_options.direction,
                    "forward, backward, from_output, several with commas; default: all");
  prove->add_option("--target", prove_options.target,
                    "one target, or several with commas; default: all that run");
  prove->add_option("--inputs", prove_options.f64_inputs, "f64: how many inputs; default: 1e8");
  prove->add_option("--record", prove_options.file,
                    "FILE to go on with: what it has of the code that is here is not measured again");
  prove->callback([&] { status = Prove(prove_options); });

  CLI::App* hash =
      app.add_subcommand("hash", "the exact tier's results by hash: the same on every target and machine");
  hash->add_option("ops", hash_options.ops, "activations; default: all");
  hash->add_option("--direction", hash_options.direction,
                   "forward, backward, from_output, several with commas; default: all");
  hash->add_option("--target", hash_options.target, "default: the best, or $SIMDACT_TARGET");
  hash->add_flag("--all", hash_options.all,
                 "all floats instead of one in 1024, and whether each is correctly rounded");
  hash->add_option("--record", hash_options.file, "FILE to compare with and to add to");
  hash->callback([&] { status = Hash(hash_options); });

  CLI::App* curves =
      app.add_subcommand("curves", "f, f' and how errors spread, near zero: what the report draws");
  curves->add_option("ops", curves_options.ops, "activations; default: all");
  curves->add_option("--from", curves_options.from, "where x begins; default: -10");
  curves->add_option("--to", curves_options.to, "where x ends; default: 10");
  curves->add_option("--json", curves_options.file, "write curves and errors to FILE");
  curves->callback([&] { status = Curves(curves_options); });

  CLI::App* table = app.add_subcommand("table", "the entries of an activation of quantized bytes or int16");
  table->add_option("op", table_options.op, "activation")->required();
  table->add_option("--input-scale", table_options.input_scale, "x = (q - zero point) scale")->required();
  table->add_option("--input-zero-point", table_options.input_zero_point, "default: 0");
  table->add_option("--output-scale", table_options.output_scale, "of the entries")->required();
  table->add_option("--output-zero-point", table_options.output_zero_point, "default: 0");
  table->add_option("--type", table_options.type,
                    "s8 (default) or u8: 256 entries; s16: 513 nodes; s16-values: 65536 entries");
  table->add_option("--rounding", table_options.rounding,
                    "of ties, but in s16: half-even (default) or half-away");
  table->add_option("--nodes", table_options.nodes, "of s16: exact (default) or tflite");
  table->add_option("-p", table_options.parameters, "NAME=VALUE of a parameter")->allow_extra_args(false);
  table->callback([&] { status = Table(table_options); });

  try {
    CheckEnvironment();
    // The parser takes "-inf" for an option but "-1e999", the same number, for an argument.
    std::vector<std::string> words(argv + 1, argv + argc);
    std::replace(words.begin(), words.end(), std::string("-inf"), std::string("-1e999"));
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const UsageError& error) {
    std::fprintf(stderr, "simdact: %s\n", error.what());
    return 2;
  }
  return status;
}

}  // namespace
}  // namespace simdact_command

int main(int argc, char** argv) { return simdact_command::Main(argc, argv); }
