"""A real browser, Chromium driven by Playwright, that visits pages as people do.

pages = visit([Go(url), Fill("#address", "ann@example.org"), Click("button[type=submit]")])
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from programs import from_npm, needs

PLAYWRIGHT, AXE = "playwright-core@1.56.1", "axe-core@4.10.3"

_DRIVER = """
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
const require = createRequire(process.cwd() + '/');
const { chromium } = require('playwright-core');
const { path, steps, axe, look } = JSON.parse(readFileSync(0, 'utf8'));
const browser = await chromium.launch({
  executablePath: path,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
const context = await browser.newContext({
  javaScriptEnabled: Boolean(axe), bypassCSP: Boolean(axe), colorScheme: look.scheme,
  viewport: { width: look.width, height: 800 },
});
const page = await context.newPage();
const seen = [];
for (const step of steps) {
  if (step.kind === 'go') await page.goto(step.where);
  else if (step.kind === 'fill') await page.fill(step.where, step.value);
  else if (step.kind === 'check') await page.check(step.where);
  else if (step.kind === 'choose') await page.selectOption(step.where, step.value);
  else await Promise.all([page.waitForLoadState(), page.click(step.where)]);
  if (step.kind !== 'go' && step.kind !== 'click') continue;
  await page.waitForLoadState();
  const found = { url: page.url(), text: await page.innerText('main'), faults: [] };
  if (axe) {
    await page.addScriptTag({ path: axe });
    const result = await page.evaluate(() => axe.run());
    found.faults = result.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).slice(0, 3).join(' ')}`);
    found.wide = await page.evaluate(() => document.documentElement.scrollWidth);
  }
  seen.push(found);
}
await browser.close();
console.log(JSON.stringify(seen));
"""


@dataclass(frozen=True, slots=True)
class Step:
    """What is done: go, fill, check, choose or click."""

    kind: str
    where: str  # a URL, or a selector of CSS
    value: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """How it is looked at."""

    width: int = 1200
    scheme: str = "light"


@dataclass(frozen=True, slots=True)
class Page:
    """What was seen after going somewhere, or a click."""

    url: str
    text: str  # of its main part
    faults: tuple[str, ...]  # serious ones that axe finds
    wide: int  # pixels, where axe was asked; else 0


WIDE = Look()


def visit(steps: Sequence[Step], look: Look = WIDE, *, judged: bool = False) -> list[Page]:
    """Take steps in a new browser, without JavaScript; `judged` has axe look at each page."""
    chromium, node, folder = needs("chromium"), needs("node"), from_npm(PLAYWRIGHT)
    axe = str(from_npm(AXE) / "node_modules/axe-core/axe.min.js") if judged else ""
    asked = {
        "path": chromium,
        "steps": [asdict(each) for each in steps],
        "axe": axe,
        "look": asdict(look),
    }
    done = subprocess.run(
        [node, "--input-type=module", "--eval", _DRIVER],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
        timeout=300,
    )

    assert 0 == done.returncode, done.stderr

    return [
        Page(each["url"], each["text"], tuple(each["faults"]), each.get("wide", 0))
        for each in json.loads(done.stdout)
    ]
