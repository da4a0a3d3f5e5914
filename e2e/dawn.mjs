// The benchmark of the model in Dawn, the WebGPU of Chromium, without a browser: what users run, on this machine's GPU.
//
//   node dawn.mjs FOLDER_OF_THE_MODULE DAWN [option ...]        DAWN is the file index.js of the npm package "webgpu"
//
// `--without-checks` leaves out Dawn's checks of indices, to see what they cost. `--json FILE` writes the report. The others go to the module.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, dawn, ...words] = process.argv.slice(2);
const after = (flag) => (words.includes(flag) ? words[words.indexOf(flag) + 1] : undefined);
const features = [
  `enable-dawn-features=allow_unsafe_apis${words.includes('--without-checks') ? ',disable_robustness' : ''}`,
  'disable-dawn-features=timestamp_quantization',
];

const { create, globals } = await import(pathToFileURL(path.resolve(dawn)));
Object.assign(globalThis, globals);
// The module asks for the GPU as in a browser's worker.
globalThis.WorkerGlobalScope = class WorkerGlobalScope {};
Object.defineProperty(globalThis, 'navigator', { value: { gpu: create(features) }, configurable: true });

const { default: init, run } = await import(pathToFileURL(path.resolve(folder, 'bench.js')));
await init({ module_or_path: readFileSync(path.join(folder, 'bench_bg.wasm')) });
const report = JSON.parse(await run(words));
const file = after('--json');
if (file) writeFileSync(file, JSON.stringify({ ...report, dawn: features, commit: after('--commit') }, undefined, 2));
process.exit(0);
