// axe-core on a page or a frame, and the sizes of what is pressed there.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { until } from './harness.mjs';

export const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Asserts that axe finds no violation in a frame or page. */
export async function audit(frame) {
  // Colours change gradually: axe must not measure one in between.
  await until(() => frame.evaluate(() => document.getAnimations().every(({ effect, playState }) =>
    playState === 'finished' || effect.getComputedTiming().iterations === Infinity)), { what: 'the end of the transitions' });
  await frame.evaluate(AXE);
  const violations = await frame.evaluate(async () => {
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, help, nodes }) => `${id}: ${help} at ${nodes.map(({ target, any }) => `${target} (${any[0]?.message ?? ''})`).join(', ')}`);
  });
  assert.deepEqual(violations, []);
}

/** Asserts that a page fits a narrow window, and that every control in it can be hit with a finger. */
export async function fitsPhone(page) {
  const { width, small } = await page.evaluate(() => ({
    width: document.documentElement.scrollWidth - innerWidth,
    small: [...document.querySelectorAll('button, select, summary, input')]
      .filter((control) => control.checkVisibility())
      .map((control) => [control.id || control.textContent, (control.closest('label') ?? control).getBoundingClientRect()])
      .filter(([, { width, height }]) => width < 36 || height < 36)
      .map(([name, { width, height }]) => `${name} ${width} x ${height}`),
  }));
  assert.ok(width <= 0, `${width} pixels too wide`);
  assert.deepEqual(small, []);
}
