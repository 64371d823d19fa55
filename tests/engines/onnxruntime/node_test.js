// simdact's operators from Node: a network of onnxruntime-node's own operators and the same with simdact's
// give the same probabilities.
//
// usage: node node_test.js FOLDER    the folder of simdact_ort.node and of network_test's models
//                                    NODE_PATH names the folder node_modules of fetch.sh
'use strict';

const assert = require('node:assert');
const path = require('node:path');
const ort = require('onnxruntime-node');

const folder = path.resolve(process.argv[2]);
const rows = 32;
const columns = 64;
const classes = 10;

// Some numbers between -4 and 4, which need no generator.
function inputs() {
  const x = Float32Array.from({ length: rows * columns }, (_, i) => 4 * Math.sin(i * i));
  return { x: new ort.Tensor('float32', x, [rows, columns]) };
}

async function probabilities(model, options) {
  const session = await ort.InferenceSession.create(path.join(folder, model), options);
  return (await session.run(inputs())).y.data;
}

async function main() {
  const options = { intraOpNumThreads: 1, logSeverityLevel: 4 };
  // The binding passes over an option that it does not know, so a session with simdact's nodes still fails.
  // If a later binding does know it, this test will say so.
  const wished = { ...options, registerCustomOpsLibrary: path.join(folder, 'simdact_ort.so') };
  const failure = /simdact:BiasGelu.* is not a registered/;
  await assert.rejects(probabilities('network_simdact.onnx', wished), failure);

  require(path.join(folder, 'simdact_ort.node'));
  const own = await probabilities('network_runtime.onnx', options);
  const simdact = await probabilities('network_simdact.onnx', options);
  assert.strictEqual(simdact.length, rows * classes);
  let farthest = 0;
  simdact.forEach((value, i) => {
    farthest = Math.max(farthest, Math.abs(value - own[i]));
  });
  assert.ok(farthest < 1e-5, `probabilities differ by ${farthest}`);
  for (let row = 0; row < rows; ++row) {
    const sum = simdact.slice(row * classes, (row + 1) * classes).reduce((a, b) => a + b);
    assert.ok(Math.abs(sum - 1) < 1e-5, `the probabilities of row ${row} add up to ${sum}`);
  }

  // A model from memory takes the other way in.
  const bytes = require('node:fs').readFileSync(path.join(folder, 'network_simdact.onnx'));
  const session = await ort.InferenceSession.create(bytes, options);
  assert.deepStrictEqual((await session.run(inputs())).y.data, simdact);
  console.log(`onnxruntime-node: probabilities differ from its own operators' by at most ${farthest}`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
