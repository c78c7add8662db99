import { spawnSync } from 'node:child_process';
import * as path from 'node:path';
import { nodeOf } from './node-of.mjs';

const root = path.resolve(import.meta.dirname, '..');
/** The supported majors of Node. The whole suite runs on the installed one, the quick checks on the others too. */
const MAJORS = [20, 22, 24];
const CHECKS = [
  ['unit tests', ['scripts/test.mjs', '--selectProjects', 'unit']],
  ['boot', ['scripts/boot-check.mjs']],
];

const running = Number(process.versions.node.split('.')[0]);
for (const major of MAJORS.filter((one) => one !== running)) {
  const node = nodeOf(major);
  for (const [name, parameters] of CHECKS) {
    const began = performance.now();
    const { status } = spawnSync(node, parameters, { cwd: root, stdio: 'inherit' });
    if (status !== 0) throw new Error(`The ${name} fail on Node ${major}.`);
    console.log(`Node ${major}, ${name}: ${Math.round((performance.now() - began) / 1_000)} s`);
  }
}
