// Opens the viewer's page in Chromium and does what it is told: node drive_page.mjs '{"address": ..., "steps": [...]}'.
// Prints one JSON object: how long the first picture took, what the page said and asked for, and each step's answer.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const job = JSON.parse(process.argv[2]);
const require = createRequire(job.modules + "/");
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--force-color-profile=srgb"];

const browser = await chromium.launch({ executablePath: job.chromium, args: FLAGS });
const told = { console: [], requests: [], answers: [] };
try {
  const context = await browser.newContext({
    viewport: job.viewport ?? { width: 1200, height: 800 },
    colorScheme: job.scheme ?? "dark",
    hasTouch: job.phone ?? false,
    isMobile: job.phone ?? false,
    offline: job.offline ?? false,
    bypassCSP: job.steps.some(([name]) => name === "axe"),
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on("console", (message) => told.console.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => told.console.push(`error: ${error.message}`));
  page.on("request", (request) => told.requests.push(request.url().slice(0, 80)));
  await page.goto(job.address);
  await page.waitForSelector("#app[data-ready]");
  told.firstPicture = await page.evaluate(() => performance.now());
  const canvas = page.locator("canvas");
  const settled = () => page.waitForFunction(() => document.querySelector("canvas").dataset.settled === "true");
  const session = await context.newCDPSession(page);
  const act = {
    key: (keys) => page.keyboard.press(keys),
    type: (text) => page.keyboard.type(text),
    click: (selector) => page.click(selector),
    dblclick: (selector) => page.dblclick(selector),
    choose: (selector, value) => page.selectOption(selector, value).then(() => null),
    focus: (selector) => page.focus(selector),
    wait: (ms) => page.waitForTimeout(ms),
    settle: settled,
    reload: async () => {
      await page.reload();
      await page.waitForSelector("#app[data-ready]");
    },
    forSelector: (selector) => page.waitForSelector(selector),
    slide: (label, value) =>
      page.evaluate(([label, value]) => {
        const input = document.querySelector(`input[type=range][aria-label="${label}"]`);
        input.value = value;
        input.dispatchEvent(new Event("input", { bubbles: true }));
      }, [label, value]),
    // To shares of the picture.
    point: async (x, y) => {
      const box = await canvas.boundingBox();
      await page.mouse.move(box.x + x * box.width, box.y + y * box.height);
    },
    press: async (x, y, options) => {
      const box = await canvas.boundingBox();
      for (const key of options?.modifiers ?? []) await page.keyboard.down(key);
      await page.mouse.click(box.x + x * box.width, box.y + y * box.height);
      for (const key of options?.modifiers ?? []) await page.keyboard.up(key);
    },
    // A finger from one share of the picture to another; it stays there until it is lifted.
    touch: async (from, to) => {
      const box = await canvas.boundingBox();
      const at = ([x, y]) => ({ touchPoints: [{ x: box.x + x * box.width, y: box.y + y * box.height }] });
      await session.send("Input.dispatchTouchEvent", { type: "touchStart", ...at(from) });
      for (let k = 1; k <= 8; k++) {
        const share = k / 8;
        await session.send("Input.dispatchTouchEvent", { type: "touchMove", ...at([0, 1].map((axis) => from[axis] + share * (to[axis] - from[axis]))) });
      }
    },
    lift: async () => {
      await session.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    },
    tilt: (beta, gamma) => page.evaluate(([beta, gamma]) => window.dispatchEvent(new DeviceOrientationEvent("deviceorientation", { alpha: 0, beta, gamma })), [beta, gamma]),
    shot: async (path, selector) => {
      await settled();
      const clip = await page.locator(selector ?? "canvas").boundingBox();
      await page.screenshot({ path, clip });
    },
    page: (path) => page.screenshot({ path }),
    canvas: async () => ({ ...(await canvas.evaluate((element) => ({ ...element.dataset }))), box: await canvas.boundingBox() }),
    text: (selector) => page.locator(selector).allTextContents(),
    count: (selector) => page.locator(selector).count(),
    focused: () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent),
    axe: async () => {
      await page.evaluate(axe);
      const found = await page.evaluate(() => globalThis.axe.run(document));
      return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
    },
  };
  for (const [name, ...given] of job.steps) told.answers.push((await act[name](...given)) ?? null);
} finally {
  await browser.close();
}
console.log(JSON.stringify(told));
