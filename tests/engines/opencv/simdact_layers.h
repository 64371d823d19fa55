// simdact's functions as layers of OpenCV's DNN module.
//
//   RegisterSimdactLayers();                                 once, before a network is read
//   cv::dnn::Net net = cv::dnn::readNetFromONNX(...);        whose nodes of the domain simdact are these
//   layers
#ifndef SIMDACT_TESTS_ENGINES_OPENCV_SIMDACT_LAYERS_H_
#define SIMDACT_TESTS_ENGINES_OPENCV_SIMDACT_LAYERS_H_

void RegisterSimdactLayers();

#endif  // SIMDACT_TESTS_ENGINES_OPENCV_SIMDACT_LAYERS_H_
