import * as tf from '@tensorflow/tfjs-core';
import type { GroupedConv } from './contract.ts';
import { geluFunction, i32, runGpuProgram, workgroupNumber } from './gpu-program.ts';

/** Grouped 1-D convolution (cross-correlation, stride 1) without bias, group by group: `[B, T, D]` → `[B, T, D]`. */
export function plainGroupedConv(x: tf.Tensor3D, conv: GroupedConv): tf.Tensor3D {
  const { groups, kernel, channels, left } = conv;
  return tf.tidy(() => {
    const [batch, frames, size] = x.shape;
    const image = tf.reshape<tf.Rank.R4>(x, [batch, 1, frames, size]);
    const filters = tf.reshape<tf.Rank.R4>(conv.weight, [groups, kernel, channels, channels]);
    const parts: tf.Tensor4D[] = [];
    for (let g = 0; g < groups; g += 1) {
      const slice = tf.slice4d(image, [0, 0, 0, g * channels], [batch, 1, frames, channels]);
      const filter = tf.slice4d(filters, [g, 0, 0, 0], [1, kernel, channels, channels]);
      parts.push(
        tf.conv2d(slice, filter, 1, [
          [0, 0],
          [0, 0],
          [left, kernel - 1 - left],
          [0, 0],
        ]),
      );
    }
    return tf.reshape(tf.concat(parts, 3), [batch, frames, size]);
  });
}

/** A workgroup computes this many frames of this many output channels of one group; each thread 4 × 4 of them. */
const frameTile = 64;
const channelTile = 16;
/** Taps and input channels that are held in workgroup memory at a time. */
const tapTile = 8;
const inputTile = 16;

/** The same with bias, and GELU if asked for, in one dispatch. */
export function gpuGroupedConv(x: tf.Tensor3D, conv: GroupedConv, gelu: boolean): tf.Tensor3D {
  const { groups, kernel, channels, left } = conv;
  const [batch, frames] = x.shape;
  const frameTiles = Math.ceil(frames / frameTile);
  const channelTiles = Math.ceil(channels / channelTile);
  const held = frameTile + tapTile - 1;
  const code = `
    ${workgroupNumber}
    ${geluFunction}
    var<workgroup> heldX: array<f32, ${held * inputTile}>;
    var<workgroup> heldW: array<f32, ${tapTile * inputTile * channelTile}>;
    fn main(index: i32) {
      let number = workgroupNumber();
      let thread = i32(localId.x);
      let tile = number % uniforms.frameTiles;
      let outputBlock = number / uniforms.frameTiles % uniforms.channelTiles;
      let group = number / (uniforms.frameTiles * uniforms.channelTiles) % uniforms.groups;
      let item = number / (uniforms.frameTiles * uniforms.channelTiles * uniforms.groups);
      let size = uniforms.groups * uniforms.channels;
      let firstFrame = tile * ${frameTile};
      let firstOutput = outputBlock * ${channelTile};
      let rowThread = thread / ${channelTile / 4};
      let columnThread = thread % ${channelTile / 4};
      var sums = array<vec4<f32>, 4>(vec4<f32>(0.0), vec4<f32>(0.0), vec4<f32>(0.0), vec4<f32>(0.0));
      for (var k0 = 0; k0 < uniforms.kernel; k0 = k0 + ${tapTile}) {
        for (var c0 = 0; c0 < uniforms.channels; c0 = c0 + ${inputTile}) {
          for (var i = thread; i < ${held * inputTile}; i = i + 64) {
            let frame = firstFrame + k0 - uniforms.left + i / ${inputTile};
            let channel = c0 + i % ${inputTile};
            var value = 0.0;
            if (frame >= 0 && frame < uniforms.frames && channel < uniforms.channels && item < uniforms.batch) {
              value = x[(item * uniforms.frames + frame) * size + group * uniforms.channels + channel];
            }
            heldX[i] = value;
          }
          for (var i = thread; i < ${tapTile * inputTile * channelTile}; i = i + 64) {
            let tap = k0 + i / ${inputTile * channelTile};
            let channel = c0 + i / ${channelTile} % ${inputTile};
            let output = firstOutput + i % ${channelTile};
            var value = 0.0;
            if (tap < uniforms.kernel && channel < uniforms.channels && output < uniforms.channels) {
              value = w[((group * uniforms.kernel + tap) * uniforms.channels + channel) * uniforms.channels + output];
            }
            heldW[i] = value;
          }
          workgroupBarrier();
          for (var k = 0; k < ${tapTile}; k = k + 1) {
            for (var c = 0; c < ${inputTile}; c = c + 1) {
              let base = (k * ${inputTile} + c) * ${channelTile} + columnThread * 4;
              let weights = vec4<f32>(heldW[base], heldW[base + 1], heldW[base + 2], heldW[base + 3]);
              for (var r = 0; r < 4; r = r + 1) {
                sums[r] = fma(vec4<f32>(heldX[(rowThread * 4 + r + k) * ${inputTile} + c]), weights, sums[r]);
              }
            }
          }
          workgroupBarrier();
        }
      }
      if (item < uniforms.batch) {
        for (var r = 0; r < 4; r = r + 1) {
          let frame = firstFrame + rowThread * 4 + r;
          for (var o = 0; o < 4; o = o + 1) {
            let output = firstOutput + columnThread * 4 + o;
            if (frame < uniforms.frames && output < uniforms.channels) {
              let column = group * uniforms.channels + output;
              let value = sums[r][o] + bias[column];
              result[(item * uniforms.frames + frame) * size + column] = ${gelu ? 'geluOf(value)' : 'value'};
            }
          }
        }
      }
    }
  `;
  return runGpuProgram<tf.Rank.R3>({
    key: `groupedConv_${gelu ? 'gelu' : 'linear'}`,
    inputs: { x, w: conv.weight, bias: conv.bias },
    outputShape: x.shape,
    workgroupSize: 64,
    workgroups: batch * groups * channelTiles * frameTiles,
    uniforms: {
      batch: i32(batch),
      groups: i32(groups),
      frames: i32(frames),
      channels: i32(channels),
      kernel: i32(kernel),
      left: i32(left),
      frameTiles: i32(frameTiles),
      channelTiles: i32(channelTiles),
    },
    code,
  });
}
